/** Every file of the device, as it would get it now. */
import { Group, NativeSelect, SegmentedControl, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { Empty, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

export function Files({ mac, names }: { mac: string; names: string[] }) {
  const { t } = useTranslation();
  const [chosen, choose] = useState(names[0] ?? '');
  const [grant, setGrant] = useState('secrets');
  const params = { path: { mac, file: chosen }, query: { secrets: grant === 'secrets' } };
  const preview = useQuery({
    queryKey: ['explain', mac, 'preview', params],
    queryFn: () => done(client.GET('/api/v1/devices/{mac}/preview/{file}', { params })),
    enabled: chosen !== '',
    placeholderData: keepPreviousData,
  });
  if (names.length === 0) return <Empty icon="list" title={t('devices.valuesEmpty')} text={t('devices.noFiles')} />;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <NativeSelect aria-label={t('devices.file')} value={chosen} onChange={(event) => { choose(event.currentTarget.value); }} data={names} />
        <SegmentedControl
          aria-label={t('devices.tabs.files')}
          value={grant}
          onChange={setGrant}
          data={[
            { value: 'secrets', label: t('devices.withSecrets') },
            { value: 'none', label: t('devices.withoutSecrets') },
          ]}
        />
      </Group>
      {preview.isPending && <Waiting />}
      {preview.error && <ProblemBox error={preview.error} />}
      {preview.data && !preview.error && (
        <>
          <pre className="file" tabIndex={0} aria-label={chosen}>
            {preview.data.text}
          </pre>
          <Text size="xs" c="dimmed">
            {preview.data.content_type}. {t('devices.secretsMasked')}
          </Text>
        </>
      )}
    </Stack>
  );
}
