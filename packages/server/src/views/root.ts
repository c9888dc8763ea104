import type { Schema } from '@coffer/core';
import type { RootHistory } from '../services/root.ts';
import { wireTime } from './common.ts';

export function rootHistoryView({ instanceId, enabled }: RootHistory): Schema<'RootHistory'> {
  return {
    id: instanceId,
    enabled: enabled ? wireTime(enabled.at) : 'Never',
    user: enabled ? enabled.userId : 'Nobody',
  };
}
