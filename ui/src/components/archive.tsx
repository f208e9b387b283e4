/** A site's settings archive (AVA-071, AVA-138): one ZIP with the settings of its phones and the files that they name. */
import { Button, FileButton, Group, List, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { number } from '~/lib/format';
import { ConfirmButton } from './confirm';
import { Waiting } from './page';
import { ProblemBox } from './problem';

const TOUCHED = ['accounts', 'sites', 'device', 'explain'];

/** Sends it for one site. */
export const sendArchive = (account: number, site: string, file: File) =>
  done(
    client.PUT('/api/v1/accounts/{id}/sites/{name}/archive', {
      params: { path: { id: account, name: site } },
      body: file as unknown as string,
      bodySerializer: (body) => body,
      headers: { 'Content-Type': 'application/octet-stream' },
    }),
  );

export function ArchiveSettings({ account, site }: { account: number; site: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!may('setting.read') || session.data?.limited) return null;
  return (
    <Stack gap="xs" align="stretch">
      <div>
        <Button size="xs" variant="default" aria-expanded={open} onClick={() => { setOpen(!open); }}>
          {t('archive.title')}
        </Button>
      </div>
      {open && <Archive account={account} site={site} />}
    </Stack>
  );
}

function Archive({ account, site }: { account: number; site: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = { id: account, name: site };
  const view = useQuery({
    queryKey: ['accounts', account, 'archive', site],
    queryFn: () => done(client.GET('/api/v1/accounts/{id}/sites/{name}/archive', { params: { path } })),
  });
  const send = useChange((file: File) => sendArchive(account, site, file), TOUCHED);
  const remove = useChange(() => done(client.DELETE('/api/v1/accounts/{id}/sites/{name}/archive', { params: { path } })), TOUCHED);
  if (view.error) return <ProblemBox error={view.error} retry={() => void view.refetch()} />;
  if (!view.data) return <Waiting />;
  const { files, settings, unserved } = view.data;
  const isEmpty = files.length === 0 && settings == null;
  return (
    <Stack gap="xs">
      <Text size="sm">{t('archive.text')}</Text>
      {unserved && <Text size="sm" c="dimmed">{t('archive.unserved', { why: unserved })}</Text>}
      {send.error && <ProblemBox error={send.error} />}
      {remove.error && <ProblemBox error={remove.error} />}
      {isEmpty && <Text size="sm">{t('archive.empty')}</Text>}
      {!isEmpty && (
        <Table aria-label={t('archive.title')} aria-busy={view.isFetching}>
          <Table.Tbody>
            {settings != null && (
              <Table.Tr>
                <Table.Td className="mono">46xxsettings.txt</Table.Td>
                <Table.Td>{t('archive.bytes', { size: number(settings) })}</Table.Td>
                <Table.Td>{t('archive.masked')}</Table.Td>
              </Table.Tr>
            )}
            {files.map((file) => (
              <Table.Tr key={file.name}>
                <Table.Td className="mono">{file.name}</Table.Td>
                <Table.Td>{t('archive.bytes', { size: number(file.size) })}</Table.Td>
                <Table.Td>{file.proof && t('archive.proof')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {send.data && send.data.warnings.length > 0 && (
        <List size="sm" aria-label={t('archive.warnings')}>
          {send.data.warnings.map((warning) => (
            <List.Item key={`${warning.line} ${warning.text}`}>{t('archive.warning', { line: warning.line, text: warning.text })}</List.Item>
          ))}
        </List>
      )}
      {may('setting.write') && (
        <Group gap="xs">
          <FileButton onChange={(file) => { if (file) send.mutate(file); }} accept=".zip" inputProps={{ 'aria-label': t('archive.send') }}>
            {(props) => (
              <Button {...props} size="xs" loading={send.isPending} disabled={Boolean(unserved)}>
                {t('archive.send')}
              </Button>
            )}
          </FileButton>
          {!isEmpty && <ConfirmButton size="xs" variant="default" label={t('archive.remove')} text={t('archive.removeText')} act={remove} />}
        </Group>
      )}
    </Stack>
  );
}
