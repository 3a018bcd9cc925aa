import type pg from 'pg';
import { lazily } from '../lazily.js';

export const driver = lazily('pg') as () => typeof pg;
