/** What the phone's files say, parameter by parameter, each with the layer it comes from. */
import { Group, NativeSelect, ScrollArea, Stack, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '~/api/client';
import { Icon } from '~/components/icon';
import { Notice } from '~/components/notice';
import { Empty } from '~/components/page';
import { Time } from '~/components/time';
import type { Words } from '~/lib/locales/en';

type Layer = keyof Words['devices']['layers'];

export function Values({ files }: { files: Schema<'Explanation'>['files'] }) {
  const { t, i18n } = useTranslation();
  const [name, setName] = useState('');
  const [filter, setFilter] = useState('');
  const saying = files.filter((file) => file.lines.length > 0);
  const file = saying.find((file) => file.name === name) ?? saying.toSorted((a, b) => b.lines.length - a.lines.length)[0];
  if (!file) return <Empty icon="list" title={t('devices.valuesEmpty')} text={t('devices.valuesEmptyText')} />;
  const wanted = filter.toLowerCase();
  const shown = file.lines.filter((line) => [line.name, line.setting ?? '', line.value].some((text) => text.toLowerCase().includes(wanted)));
  const layer = (word: string) => (i18n.exists(`devices.layers.${word}`) ? t(`devices.layers.${word as Layer}`) : word);
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <NativeSelect
          aria-label={t('devices.file')}
          value={file.name}
          onChange={(event) => { setName(event.currentTarget.value); }}
          data={saying.map((file) => file.name)}
        />
        <TextInput
          flex="1 1 14rem"
          type="search"
          aria-label={t('devices.filter')}
          placeholder={t('devices.filter')}
          leftSection={<Icon name="search" />}
          value={filter}
          onChange={(event) => { setFilter(event.currentTarget.value); }}
        />
      </Group>
      <ScrollArea className="table" tabIndex={0} role="region" aria-label={t('devices.tabs.values')}>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('devices.parameter')}</Table.Th>
              <Table.Th>{t('devices.value')}</Table.Th>
              <Table.Th>{t('devices.origin')}</Table.Th>
              <Table.Th className="wide">{t('devices.author')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((line, place) => (
              <Table.Tr key={place}>
                <Table.Td>
                  <span className="mono">{line.name}</span>
                  <div className="second">{line.setting}</div>
                </Table.Td>
                <Table.Td className="mono">{line.value}</Table.Td>
                <Table.Td>
                  {layer(line.layer)}
                  <div className="second">{line.scope}</div>
                </Table.Td>
                <Table.Td className="wide">
                  {line.author}
                  {line.at > 0 && <div className="second"><Time at={line.at} /></div>}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {file.unsaid.length > 0 && (
        <Notice tone="quiet" title={t('devices.unsaid')}>
          {file.unsaid.map((one) => (
            <div key={one}>{one}</div>
          ))}
        </Notice>
      )}
    </Stack>
  );
}
