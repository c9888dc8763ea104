import { Problem } from '../problem.ts';
import type { ParameterValue } from './configuration.ts';
import type { DriverManifest, SizingExpression } from './manifest.ts';

/** What sizing computes from: the flavor. */
export interface SizingInput {
  /** Memory that the database may use, MiB. */
  memoryMib: number;
  vcpus: number;
}

/** Of a rule or a bound. Not rounded. */
export function compute(expression: SizingExpression, input: SizingInput): number {
  if (typeof expression === 'number') return expression;
  if (typeof expression === 'string') return input[expression];
  const all = (operands: readonly SizingExpression[]): number[] => operands.map((operand) => compute(operand, input));
  if ('add' in expression) return all(expression.add).reduce((sum, value) => sum + value, 0);
  if ('mul' in expression) return all(expression.mul).reduce((product, value) => product * value, 1);
  if ('min' in expression) return Math.min(...all(expression.min));
  if ('max' in expression) return Math.max(...all(expression.max));
  if ('sub' in expression) return compute(expression.sub[0], input) - compute(expression.sub[1], input);
  return compute(expression.div[0], input) / compute(expression.div[1], input);
}

function isExpression(value: SizingExpression | string | boolean): value is SizingExpression {
  return typeof value === 'number' || typeof value === 'object' || value === 'memoryMib' || value === 'vcpus';
}

/**
 * The parameters that a flavor asks for: of each parameter's rules the first whose bound holds. Numbers are rounded down once,
 * at the end. Pure, so that API and guest say the same.
 * @throws Problem `internal` when a rule's arithmetic has no finite result, naming the parameter
 */
export function evaluateSizing(
  manifest: Pick<DriverManifest, 'sizing' | 'datastore'>,
  input: SizingInput,
): Record<string, ParameterValue> {
  const settings: Record<string, ParameterValue> = {};
  for (const rule of manifest.sizing) {
    if (Object.hasOwn(settings, rule.parameter)) continue;
    if (rule.belowMemoryMib !== undefined && input.memoryMib >= rule.belowMemoryMib) continue;
    if (!isExpression(rule.value)) {
      settings[rule.parameter] = rule.value;
      continue;
    }
    const result = Math.floor(compute(rule.value, input));
    if (!Number.isFinite(result)) {
      throw new Problem(
        'internal',
        `the sizing of ${manifest.datastore} parameter ${rule.parameter} has no finite result; mend its manifest`,
      );
    }
    settings[rule.parameter] = result;
  }
  return settings;
}
