#!/bin/sh
# Puts into an empty folder what an image needs beside the C library: Node, the built service, and the packages that it
# runs on. Used by deploy/Dockerfile; what is there runs without a container, too.
set -eu
target=$1
mkdir -p "$target/app/data" "$target/usr/bin" "$target/usr/lib"
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
test -f dist/src/project.js || { echo 'Build it first: npm ci && npm run build' >&2; exit 1; }

# The names of files that the service reads; sources, tests and tools are not among them.
cp -R bin LICENSE generated deploy/healthcheck.js "$target/app/"
# Traces are turned on by variables: their packages, which are optional elsewhere, are there.
npm exec -- node tools/service-manifests.ts "$target/app"
mkdir -p "$target/app/dist"
cp -R dist/src dist/generated "$target/app/dist/"
if [ -d dist/contract ]; then cp -R dist/contract "$target/app/dist/"; fi
(cd "$target/app" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
# Neither source maps nor types are read.
find "$target/app/node_modules" "$target/app/dist" -type f \
  \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# The Node that runs this script's npm. Without its symbols it is 30 MB smaller.
node=$(node -p process.execPath)
cp "$node" "$target/usr/bin/node"
chmod 755 "$target/usr/bin/node"
if command -v strip >/dev/null; then strip "$target/usr/bin/node"; fi
# The one library that distroless images lack.
library=$(ldd "$node" | sed -n 's/.*libatomic[^ ]* => \([^ ]*\) .*/\1/p')
if [ -n "$library" ]; then cp -L "$library" "$target/usr/lib/"; fi
# The user that the image runs as, by number: there is no such name here.
chown -R 65532:65532 "$target/app/data" 2>/dev/null || chmod 777 "$target/app/data"
