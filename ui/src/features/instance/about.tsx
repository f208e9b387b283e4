/** Which release this is, and what it can. */
import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';

/** YMC-017: no licence and no trial; what is there is on, what is not there says so. */
const FEATURES = [
  ['provisioning', true],
  ['certificates', true],
  ['alarms', true],
  ['calls', false],
  ['diagnostics', false],
  ['codes', false],
] as const;

export function About() {
  const { t } = useTranslation();
  const about = useQuery({ queryKey: ['about'], queryFn: () => done(client.GET('/api/v1/about')) });
  return (
    <Page title={t('about.title')}>
      {about.isPending && <Waiting />}
      {about.error && <ProblemBox error={about.error} retry={() => void about.refetch()} />}
      {about.data && (
        <Text>
          Phonebox <strong>{about.data.version}</strong>
        </Text>
      )}
      <Text size="sm" maw="60ch">
        {t('about.text')}
      </Text>
      <Group gap="md">
        <Anchor component={Link} to="/news" size="sm">
          {t('nav.news')}
        </Anchor>
        <Anchor component={Link} to="/documents" size="sm">
          {t('nav.documents')}
        </Anchor>
      </Group>
      <Card withBorder maw="36rem">
        <Stack gap="xs">
          <Title order={2} size="h5">
            {t('about.features')}
          </Title>
          {FEATURES.map(([feature, on]) => (
            <Group key={feature} justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm">{t(`about.of.${feature}`)}</Text>
              <Status tone={on ? 'good' : 'quiet'}>{on ? t('about.on') : t('about.notYet')}</Status>
            </Group>
          ))}
          <Text size="sm" c="dimmed">
            {t('about.noTrial')}
          </Text>
        </Stack>
      </Card>
    </Page>
  );
}
