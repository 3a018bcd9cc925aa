import { routes } from '../generated/routes.js';
import { hooks } from './hooks.js';
import { defineProject } from './latchkey.js';
import { migrations } from './migrations/index.js';
import { createServices } from './services.js';

/** What is built on Latchkey here. */
export default defineProject({ routes, hooks, migrations, createServices });
