import { encodeCollapsed } from '../../../src/formats/collapsed-encoder.ts';
import type { EncodeOptions } from '../../../src/formats/profile-format.ts';
import { profileFormats } from '../../../src/formats/registry.ts';
import type { ProfileData } from '../../../src/model/profile-data.ts';

/** A profile as folded stacks: equal texts are equal stacks with equal sums. */
export function fold(profile: ProfileData, options: EncodeOptions = {}): string {
  return [...encodeCollapsed(profile, options)].join('');
}

/** The bytes of a file in a format. */
export function encodeAs(
  format: string,
  profile: ProfileData,
  options: EncodeOptions = {},
): Buffer {
  const encode = profileFormats.find(({ name }) => name === format)?.encode;
  if (!encode) throw new Error(`no format ${format} to write`);
  return Buffer.concat([...encode(profile, options)].map((chunk) => Buffer.from(chunk)));
}

/** The bytes as one JSON value. */
export function jsonOf(bytes: Uint8Array): Record<string, never> {
  return JSON.parse(Buffer.from(bytes).toString());
}
