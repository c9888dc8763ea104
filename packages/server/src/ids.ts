/** Whether it is an id as we draw them, a UUID in small letters: what strangers name, and what lies in folders, may be anything. */
export const isId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
