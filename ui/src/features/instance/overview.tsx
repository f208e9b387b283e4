/** How the box and its phones do, and what a phone must be given. */
import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { CheckInRow } from '~/components/checkin';
import { Copyable } from '~/components/copy';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { number } from '~/lib/format';

const LATEST = 8;

export function Overview() {
  const { t } = useTranslation();
  const overview = useQuery({ queryKey: ['overview'], queryFn: () => done(client.GET('/api/v1/overview')), refetchInterval: 30_000 });
  if (overview.isPending) return <Waiting />;
  if (overview.error) return <ProblemBox error={overview.error} retry={() => void overview.refetch()} />;
  const { devices, http, https } = overview.data;
  const tiles: [string, number, string][] = [
    [t('overview.active'), devices.active, '/devices?state=active'],
    [t('overview.known'), devices.known, '/devices?state=known'],
    [t('overview.blocked'), devices.blocked, '/devices?state=blocked'],
    [t('overview.reset'), devices.reset_suspected, '/devices?reset=true'],
    [t('overview.waiting'), devices.waiting, '/waiting'],
    [t('overview.alarms'), overview.data.alarms, '/alarms'],
  ];
  return (
    <Page title={t('overview.title')}>
      <div className="tiles">
        {tiles.map(([label, count, to]) => (
          <Card key={label} component={Link} to={to} withBorder padding="sm" className="tile">
            <span className="number">{number(count)}</span>
            <Text size="sm" c="dimmed">
              {label}
            </Text>
          </Card>
        ))}
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
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
        <Attention overview={overview.data} />
      </SimpleGrid>
      <Latest />
    </Page>
  );
}

function Attention({ overview }: { overview: Schema<'Overview'> }) {
  const { t } = useTranslation();
  const { devices, alarms } = overview;
  const all: [number, 'hasAlarms' | 'hasReset' | 'hasWaiting' | 'hasKnown', Tone, string][] = [
    [alarms, 'hasAlarms', 'bad', '/alarms'],
    [devices.reset_suspected, 'hasReset', 'bad', '/devices?reset=true'],
    [devices.waiting, 'hasWaiting', 'notice', '/waiting'],
    [devices.known, 'hasKnown', 'notice', '/devices?state=known'],
  ];
  const some = all.filter(([count]) => count > 0);
  return (
    <Card withBorder>
      <Stack gap="xs" align="flex-start">
        <Title order={2} size="h5">
          {t('overview.attention')}
        </Title>
        {some.length === 0 && <Status tone="good">{t('overview.well')}</Status>}
        {some.map(([count, word, tone, to]) => (
          <Anchor key={word} component={Link} to={to} size="sm">
            <Status tone={tone}>{t(`overview.${word}`, { count })}</Status>
          </Anchor>
        ))}
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
