/** Loaded before everything else, also in processes that tests start: makes this machine behave as another one. */
import './parallelism.js';
import './delays.js';
