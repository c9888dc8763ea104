/** SQL text that is safe to send: only {@link sql} makes it. */
export class Statement {
  readonly text: string;
  /** Whether the text holds a secret, so that no message of the server about it may be passed on: 1064 quotes the statement. */
  readonly isSecret: boolean;

  constructor(text: string, isSecret: boolean) {
    this.text = text;
    this.isSecret = isSecret;
  }
}

/** A name of a database or table as part of a statement. */
export class Identifier {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value that must not appear in any message. */
export class Secret {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }
}

export type SqlValue = string | number | readonly string[] | Identifier | Secret | Statement;

export const identifier = (name: string): Identifier => new Identifier(name);
export const secret = (value: string): Secret => new Secret(value);

/** Not mysql2's `??`, which takes a dot for a separator, so that `a.b` would become two names. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A string literal for a session whose sql_mode lacks NO_BACKSLASH_ESCAPES; {@link createSession} sees to that. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function quote(value: SqlValue): string {
  if (value instanceof Statement) return value.text;
  if (value instanceof Identifier) return quoteIdentifier(value.name);
  if (value instanceof Secret) return quoteLiteral(value.value);
  if (typeof value === 'string') return quoteLiteral(value);
  if (typeof value !== 'number') return value.map(quoteLiteral).join(', ');
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number`);
  return String(value);
}

/**
 * Builds a statement: strings become literals, lists become literals with commas, {@link identifier} a quoted name, and another
 * statement a part of this one. Not mysql2's `?`: it would also replace a question mark inside a quoted name.
 */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlValue[]): Statement {
  const text = parts.map((part, index) => (index < values.length ? part + quote(values[index] ?? '') : part)).join('');
  return new Statement(
    text,
    values.some((value) => value instanceof Secret || (value instanceof Statement && value.isSecret)),
  );
}
