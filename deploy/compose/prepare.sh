#!/bin/sh
# Makes what compose.yaml needs beside the images: secrets, settings, nginx's configuration, and a certificate to try it
# with. What is there stays as it is, so that it may be run again.
set -eu
host=${1:?Usage: ./prepare.sh <host name, such as login.example.com>}
cd "$(dirname "$0")"
umask 077
mkdir -p secrets certificates

# As root, the files belong to a user that no other process has; else to the one who runs this.
user=$(id -u):$(id -g)
if [ "$user" = 0:0 ]; then user=65532:65532; fi

random() { openssl rand -base64 33 | tr -d '\n' | tr '+/' '-_'; }
keep() { [ -s "$1" ] || cat >"$1"; }
random | keep secrets/postgres-password
random | keep secrets/latchkey-secret
random | keep secrets/admin-password
printf 'postgres://latchkey:%s@postgres:5432/latchkey' "$(cat secrets/postgres-password)" | keep secrets/database-url
chmod 0400 secrets/database-url secrets/latchkey-secret secrets/admin-password
# PostgreSQL's user in its image has a number of its own; the folder lets no other user of this machine in.
chmod 0444 secrets/postgres-password
if [ "$(id -u)" = 0 ]; then chown "$user" secrets/database-url secrets/latchkey-secret secrets/admin-password; fi

printf 'LATCHKEY_USER=%s\nLATCHKEY_ISSUER=https://%s\n' "$user" "$host" | keep .env
sed -e "s/login\.example\.com/$host/g" -e 's/127\.0\.0\.1:3001/latchkey-1:3000/; s/127\.0\.0\.1:3002/latchkey-2:3000/' \
  ../nginx/latchkey.conf | keep nginx.conf
chmod 0644 nginx.conf

if [ ! -s "certificates/$host.crt" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout "certificates/$host.key" -out "certificates/$host.crt" 2>/dev/null
  echo "certificates/$host.crt is for trying it: browsers refuse it. Put yours in its place."
fi
echo "The administrator's password is in $(pwd)/secrets/admin-password."
