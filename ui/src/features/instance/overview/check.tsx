/** Whether a phone has been added, by its MAC address (ALE-032…036). */
import { Button, Card, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';

const TONES: Record<string, Tone> = { missing: 'quiet', bound: 'good', unbound: 'notice', elsewhere: 'bad' };

export function CheckDevice() {
  const { t } = useTranslation();
  const [mac, setMac] = useState('');
  const check = useMutation({ mutationFn: () => done(client.GET('/api/v1/devices/check', { params: { query: { mac } } })) });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    check.mutate();
  };
  const found = check.data;
  const isOurs = found && (found.standing === 'bound' || found.standing === 'unbound');
  return (
    <Card withBorder>
      <form onSubmit={submit}>
        <Stack gap="xs" align="flex-start">
          <Title order={2} size="h5">
            {t('overview.check')}
          </Title>
          <TextInput
            w="100%"
            classNames={{ input: 'mono' }}
            aria-label={t('devices.mac')}
            placeholder="80:5e:c0:aa:bb:01"
            value={mac}
            onChange={(event) => { setMac(event.currentTarget.value); }}
            required
            rightSectionWidth="auto"
            rightSection={
              <Button type="submit" size="compact-sm" mr={5} loading={check.isPending}>
                {t('overview.checkNow')}
              </Button>
            }
          />
          <div role="status">
            {found && <Status tone={TONES[found.standing] ?? 'quiet'}>{t(`overview.standings.${found.standing}`)}</Status>}
          </div>
          {isOurs && (
            <Text component={Link} to={`/devices/${found.mac}`} size="sm">
              {t('alarms.show')}
            </Text>
          )}
          {check.error && <ProblemBox error={check.error} />}
        </Stack>
      </form>
    </Card>
  );
}
