import { open } from 'node:fs/promises';

/**
 * Brings a file to the disk, or which files a folder has: a rename must not outlive a power cut that its content does
 * not.
 */
export const syncPath = async (path: string): Promise<void> => {
  const opened = await open(path);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
};
