/** Something to read before the rest: calm, with a coloured edge that says how much it matters. */
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Tone } from './status';

export function Notice({ tone, title, role, children }: { tone: Tone; title?: string; role?: 'alert' | 'status'; children: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={role}>
      {title && (
        <Text fw={600} size="sm">
          {title}
        </Text>
      )}
      {children}
    </div>
  );
}
