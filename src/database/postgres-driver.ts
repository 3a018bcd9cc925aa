import type pg from 'pg';
import { lazily } from '../lazily.js';

export const loadDriver = lazily('pg') as () => typeof pg;
