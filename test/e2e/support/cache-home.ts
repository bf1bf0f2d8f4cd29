import { homedir } from 'node:os';
import { join } from 'node:path';

/** XDG_CACHE_HOME of the tests: kept between runs, separate from the user's own cache. */
export const cacheHome = process.env['KGLAB_TEST_CACHE'] ?? join(homedir(), '.cache', 'kglab-tests');
