/** A share of a whole: a bar, a number, a percentage, and a way to what is counted. Drawn without a library. */
import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { number, percent } from '~/lib/format';
import type { Tone } from './status';

export interface Share {
  label: string;
  count: number;
  to?: string;
  tone?: Tone;
}

interface Props {
  title: string;
  shares: Share[];
  /** Instead of shares that are not there. */
  empty: string;
  /** What is said besides: a choice, a note. */
  aside?: ReactNode;
  children?: ReactNode;
}

export function Chart({ title, shares, empty, aside, children }: Props) {
  const { t } = useTranslation();
  const whole = shares.reduce((sum, share) => sum + share.count, 0);
  return (
    <Card withBorder component="section" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h5">
            {title}
          </Title>
          {aside}
        </Group>
        {whole === 0 && (
          <Text size="sm" c="dimmed">
            {empty}
          </Text>
        )}
        {whole > 0 && (
          <ul className="shares">
            {shares.map(({ label, count, to, tone = 'plain' }) => (
              <li key={label}>
                <span className="share-label">{label}</span>
                <span className="share-count">
                  {number(count)} <span className="second">{percent(count / whole)}</span>
                </span>
                <span className="share-view">
                  {to && (
                    <Anchor component={Link} to={to} size="sm" aria-label={t('overview.viewOf', { what: label })}>
                      {t('overview.view')}
                    </Anchor>
                  )}
                </span>
                <meter className={`bar bar-${tone}`} min={0} max={whole} value={count} aria-label={label} />
              </li>
            ))}
          </ul>
        )}
        {children}
      </Stack>
    </Card>
  );
}
