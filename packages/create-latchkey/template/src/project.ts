import { defineProject } from 'latchkey';
import { routes } from '../generated/routes.js';
import { hooks } from './hooks.js';
import { migrations } from './migrations/index.js';
import { problems } from './problems.js';
import { createServices } from './services.js';

export default defineProject({ routes, hooks, problems, migrations, createServices });
