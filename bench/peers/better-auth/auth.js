// better-auth over Node's own SQLite, in the folder DATA_FOLDER.
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { jwt } from 'better-auth/plugins';

export const auth = betterAuth({
  baseURL: 'http://127.0.0.1:3000',
  secret: 'what signs the cookies of a benchmark, and of nothing else',
  database: new DatabaseSync(`${process.env.DATA_FOLDER}/auth.db`),
  emailAndPassword: { enabled: true },
  plugins: [jwt()],
  telemetry: { enabled: false },
});
