import { createHash } from 'node:crypto';

/** SHA-256 of a text in hexadecimal. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Checksum of a text, short enough to read: 64 bits of its SHA-256 in hexadecimal. */
export const shortSum = (text: string): string => sha256(text).slice(0, 16);
