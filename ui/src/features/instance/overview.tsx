/** The start: how the box and its phones do, what needs a hand, and what a phone must be given. */
import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { useOverview, type Overview as Numbers } from '~/api/overview';
import { useMay } from '~/api/session';
import { CheckInRow } from '~/components/checkin';
import { Copyable } from '~/components/copy';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { number } from '~/lib/format';
import { CheckDevice } from './overview/check';
import { AccountChart, Charts, FileChart } from './overview/charts';

const LATEST = 8;

export function Overview() {
  const { t } = useTranslation();
  const may = useMay();
  const overview = useOverview();
  if (overview.isPending) return <Waiting />;
  if (overview.error) return <ProblemBox error={overview.error} retry={() => void overview.refetch()} />;
  const numbers = overview.data;
  const { devices } = numbers;
  const isBlind = !devices && tiles(numbers).length === 0;
  return (
    <Page title={t('overview.title')}>
      {isBlind && <Empty icon="shield" title={t('overview.blind')} text={t('overview.blindText')} />}
      <Tiles numbers={numbers} />
      {devices && (
        <SimpleGrid cols={{ base: 1, md: 3 }}>
          <Attention numbers={numbers} />
          <Give numbers={numbers} />
          <CheckDevice />
        </SimpleGrid>
      )}
      <div className="charts">
        {devices && <Charts numbers={numbers} />}
        {numbers.accounts && <AccountChart below={numbers.accounts} />}
        {numbers.files && <FileChart kinds={numbers.files} />}
        {devices && <CallQuality />}
      </div>
      {may('check-in.read') && <Latest />}
    </Page>
  );
}

/** Each opens what it counts (YMC-013). */
function tiles({ devices, sip_accounts, sites, profiles, files, accounts, alarms }: Numbers) {
  const below = accounts ? accounts.reseller + accounts.customer : 0;
  const all: ['devices' | 'sipAccounts' | 'sites' | 'profiles' | 'accounts' | 'files' | 'waiting' | 'alarms', number | null | undefined, string | undefined][] = [
    ['devices', devices && devices.known + devices.active + devices.blocked, '/devices'],
    // Each stands with its phone.
    ['sipAccounts', sip_accounts, '/devices'],
    ['sites', sites, '/sites'],
    ['profiles', profiles, '/profiles'],
    // A box of one company has no others to count.
    ['accounts', below || null, '/accounts'],
    ['files', files?.reduce((sum, { count }) => sum + count, 0), undefined],
    ['waiting', devices?.waiting, '/waiting'],
    ['alarms', alarms, '/alarms'],
  ];
  return all.flatMap(([word, count, to]) => (count == null ? [] : [{ word, count, to }]));
}

function Tiles({ numbers }: { numbers: Numbers }) {
  const { t } = useTranslation();
  return (
    <div className="tiles">
      {tiles(numbers).map(({ word, count, to }) => {
        const inside = (
          <>
            <span className="number">{number(count)}</span>
            <Text size="sm" c="dimmed">
              {t(`overview.${word}`)}
            </Text>
          </>
        );
        return to ? (
          <Card key={word} component={Link} to={to} withBorder padding="sm" className="tile">
            {inside}
          </Card>
        ) : (
          <Card key={word} withBorder padding="sm">
            {inside}
          </Card>
        );
      })}
    </div>
  );
}

function Give({ numbers: { http, https } }: { numbers: Numbers }) {
  const { t } = useTranslation();
  return (
    <Card withBorder>
      <Stack gap="xs" align="flex-start">
        <Title order={2} size="h5">
          {t('overview.give')}
        </Title>
        {[http, https].filter((url) => url != null).map((url) => <Copyable key={url} text={`${url}/`} />)}
        <Text size="sm" c="dimmed">
          {http || https ? t('overview.giveText') : t('overview.noListener')}
        </Text>
      </Stack>
    </Card>
  );
}

function Attention({ numbers: { devices, alarms } }: { numbers: Numbers }) {
  const { t } = useTranslation();
  const all: [number | null | undefined, 'hasAlarms' | 'hasReset' | 'hasWaiting' | 'hasKnown', Tone, string][] = [
    [alarms, 'hasAlarms', 'bad', '/alarms'],
    [devices?.reset_suspected, 'hasReset', 'bad', '/devices?reset=true'],
    [devices?.waiting, 'hasWaiting', 'notice', '/waiting'],
    [devices?.known, 'hasKnown', 'notice', '/devices?state=known'],
  ];
  return (
    <Card withBorder>
      <Stack gap="xs" align="flex-start">
        <Title order={2} size="h5">
          {t('overview.attention')}
        </Title>
        {all.every(([count]) => !count) && <Status tone="good">{t('overview.well')}</Status>}
        {all.map(
          ([count, word, tone, to]) =>
            count != null &&
            count > 0 && (
              <Anchor key={word} component={Link} to={to} size="sm">
                <Status tone={tone}>{t(`overview.${word}`, { count })}</Status>
              </Anchor>
            ),
        )}
      </Stack>
    </Card>
  );
}

/** Nothing measures it yet, and nothing is made up (YMC-015). */
function CallQuality() {
  const { t } = useTranslation();
  return (
    <Card withBorder component="section" aria-label={t('overview.calls')}>
      <Stack gap="xs">
        <Title order={2} size="h5">
          {t('overview.calls')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('overview.callsText')}
        </Text>
      </Stack>
    </Card>
  );
}

function Latest() {
  const { t } = useTranslation();
  const query = { limit: LATEST };
  const latest = useQuery({
    queryKey: ['check-ins', query],
    queryFn: () => done(client.GET('/api/v1/check-ins', { params: { query } })),
    refetchInterval: 5_000,
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2} size="h5">
          {t('overview.latest')}
        </Title>
        <Anchor component={Link} to="/log" size="sm">
          {t('nav.log')}
        </Anchor>
      </Group>
      {latest.isPending && <Waiting />}
      {latest.error && <ProblemBox error={latest.error} retry={() => void latest.refetch()} />}
      {latest.data?.items.length === 0 && <Empty icon="phone" title={t('overview.noneYet')} text={t('overview.noneYetText')} />}
      {latest.data && latest.data.items.length > 0 && (
        <ul className="feed">
          {latest.data.items.map((row) => (
            <CheckInRow key={row.id} row={row} />
          ))}
        </ul>
      )}
    </Stack>
  );
}
