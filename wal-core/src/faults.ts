/** The name of a fault of the operating system; empty for any other error. */
export const faultCode = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? '';

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_RIGHT = new Set(['EACCES', 'EPERM', 'EROFS']);

/** The disk, a quota or the largest file is full. */
export const isFullDisk = (error: unknown): boolean => NO_ROOM.has(faultCode(error));

/** This user may not. */
export const isForbidden = (error: unknown): boolean => NO_RIGHT.has(faultCode(error));
