// What the addon hands over is the stored form of the model's tables, so the model decodes it (see model/batch-decoder.ts);
// this is the door through which the layers above native get at it.

export { decodeBatch } from '../model/batch-decoder.ts';
