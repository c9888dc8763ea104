import { escapeIdentifier, escapeLiteral } from 'pg';

/** SQL text that is safe to send: only {@link sql} makes it. */
export class Statement {
  readonly text: string;
  /** Whether the text holds a secret, so that no message of the server about it may be passed on: 42601 quotes the statement. */
  readonly isSecret: boolean;

  constructor(text: string, isSecret: boolean) {
    this.text = text;
    this.isSecret = isSecret;
  }
}

/** The name of a role or database as part of a statement. */
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

function quote(value: SqlValue): string {
  if (value instanceof Statement) return value.text;
  if (value instanceof Identifier) return escapeIdentifier(value.name);
  if (value instanceof Secret) return escapeLiteral(value.value);
  if (typeof value === 'string') return escapeLiteral(value);
  if (typeof value !== 'number') return value.map(escapeLiteral).join(', ');
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number`);
  return String(value);
}

/**
 * Builds a statement: strings become literals, lists become literals with commas, {@link identifier} a quoted name, a statement
 * stays as it is. Not with bound values: PostgreSQL takes none in statements that make or change roles and databases.
 */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlValue[]): Statement {
  const text = parts.map((part, index) => (index < values.length ? part + quote(values[index] ?? '') : part)).join('');
  return new Statement(
    text,
    values.some((value) => value instanceof Secret || (value instanceof Statement && value.isSecret)),
  );
}
