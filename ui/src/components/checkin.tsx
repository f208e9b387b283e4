/** One request of a phone: what it asked, what it got, why. */
import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Schema } from '~/api/client';
import { absolute, bytes, clock, mac } from '~/lib/format';
import { Status, type Tone } from './status';
import { Time } from './time';

export type CheckIn = Schema<'Stored'>;
type Decision = 'served' | 'unchanged' | 'redirected' | 'stored' | 'refused';

const TONES: Record<Decision, Tone> = { served: 'good', unchanged: 'quiet', redirected: 'good', stored: 'good', refused: 'bad' };

/** `of`: on a device's own page its address says nothing new. */
export function CheckInRow({ row, of, live }: { row: CheckIn; of?: string; live?: boolean }) {
  const { t } = useTranslation();
  const decision = row.decision as Decision;
  const agent = [row.vendor, row.model, row.version].filter(Boolean).join(' ');
  return (
    <li className="checkin">
      {live ? (
        <time dateTime={new Date(row.last_at).toISOString()} title={absolute(row.last_at)}>
          {clock(row.last_at)}
        </time>
      ) : (
        <Time at={row.last_at} />
      )}
      <Status tone={TONES[decision]}>{t(`log.decisions.${decision}`)}</Status>
      {of ? (
        <span>{row.peer}</span>
      ) : row.mac ? (
        <Anchor component={Link} to={`/devices/${row.mac}`} className="mono" size="sm">
          {mac(row.mac)}
        </Anchor>
      ) : (
        <span className="second">{t('log.unknownDevice')}</span>
      )}
      <span className="what">
        <span className="mono">{row.file}</span>{' '}
        <span className="second">
          {row.transport} {row.status}
          {row.bytes > 0 && `, ${bytes(row.bytes)}`}
          {row.count > 1 && `, ${t('log.times', { count: row.count })}`}
        </span>
      </span>
      <span className="why">
        {row.text} {row.next}
        {row.detail && ` (${row.detail})`}{' '}
        <span className="second" title={row.evidence}>
          {[agent, of ? '' : row.peer].filter(Boolean).join(' · ')}
        </span>
      </span>
    </li>
  );
}
