/** What a guest may say of its parameters: more names than a configuration of any datastore has, and characters of texts. */
export const MOST_PARAMETERS = 500;
export const PARAMETER_LENGTH = 128;
export const REASON_LENGTH = 512;

/** Text of a guest, for a column of text or JSON: in its length, without what such a column cannot hold. */
export const guestText = (value: string, most: number): string =>
  value.replaceAll('\0', '').slice(0, most).toWellFormed();
