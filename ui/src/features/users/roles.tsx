/** Roles, and what each of them may: the grid of the permission table. */
import { Button, Checkbox, Group, Stack, Table, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

type Role = Schema<'Role'>;
type Permission = Schema<'PermissionRow'>;

export function RoleList() {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<Role | 'new'>();
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => done(client.GET('/api/v1/roles')) });
  const permissions = useQuery({ queryKey: ['permissions'], queryFn: () => done(client.GET('/api/v1/permissions')), staleTime: Infinity });
  const error = roles.error ?? permissions.error;
  if (error) return <ProblemBox error={error} />;
  if (!roles.data || !permissions.data) return <Waiting />;
  const close = () => { setOpen(undefined); };
  if (open) return <RoleForm key={open === 'new' ? 'new' : open.id} role={open === 'new' ? undefined : open} table={permissions.data} close={close} />;
  return (
    <Page
      title={t('nav.roles')}
      text={t('roles.text')}
      actions={
        may('role.write') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
            {t('roles.add')}
          </Button>
        )
      }
    >
      <div className="table">
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('people.name')}</Table.Th>
              <Table.Th>{t('roles.may')}</Table.Th>
              <Table.Th>{t('nav.users')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {roles.data.map((role) => (
              <Table.Tr key={role.id}>
                <Table.Td>
                  <UnstyledButton className="open" onClick={() => { setOpen(role); }}>
                    {role.name}
                  </UnstyledButton>
                  {role.built_in && <div className="second">{t('roles.builtIn')}</div>}
                </Table.Td>
                <Table.Td>{role.everything ? t('roles.everything') : t('roles.count', { count: role.permissions.length })}</Table.Td>
                <Table.Td>{role.users}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Page>
  );
}

/** With what they bring along. */
function closed(chosen: Iterable<string>, table: Permission[]): Set<string> {
  const all = new Set<string>();
  const add = (name: string) => {
    if (all.has(name)) return;
    all.add(name);
    table.find((row) => row.name === name)?.implies.forEach(add);
  };
  for (const name of chosen) add(name);
  return all;
}

function RoleForm({ role, table, close }: { role?: Role; table: Permission[]; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const { fields, field } = useFields({ name: role?.name ?? '' });
  const [chosen, setChosen] = useState(() => new Set(role?.everything ? table.map((row) => row.name) : role?.permissions));
  const all = closed(chosen, table);
  const isFixed = role?.built_in || !may('role.write');
  const body = { name: fields.name, permissions: [...all] };
  const save = useChange(
    () =>
      role
        ? done(client.PATCH('/api/v1/roles/{id}', { params: { path: { id: role.id } }, body }))
        : done(client.POST('/api/v1/roles', { body })),
    ['roles'],
    close,
  );
  const remove = useChange(() => done(client.DELETE('/api/v1/roles/{id}', { params: { path: { id: role?.id ?? 0 } } })), ['roles'], close);
  const toggle = (name: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  const groups = [...new Set(table.map((row) => row.group))];
  const grid = (
    <div className="grid">
      {groups.map((group) => (
        <Stack key={group} gap={6} component="fieldset" className="permissions">
          <Title order={2} size="h6" component="legend">
            {group}
          </Title>
          {table
            .filter((row) => row.group === group)
            .map((row) => {
              const isImplied = all.has(row.name) && !chosen.has(row.name);
              // Nobody gives what they do not have.
              const isBeyond = !session?.permissions.includes(row.name);
              return (
                <Checkbox
                  key={row.name}
                  label={row.words}
                  description={row.name}
                  checked={all.has(row.name)}
                  disabled={isFixed || isImplied || isBeyond}
                  onChange={() => { toggle(row.name); }}
                />
              );
            })}
        </Stack>
      ))}
    </div>
  );
  const title = role?.name ?? t('roles.add');
  return (
    <Page
      title={title}
      text={role?.built_in ? t('roles.builtInText') : t('roles.gridText')}
      actions={
        <Group>
          <Button variant="default" onClick={close}>
            {t('app.back')}
          </Button>
          {role && !isFixed && <ConfirmButton variant="default" label={t('devices.remove')} text={t('roles.removeText')} act={remove} />}
        </Group>
      }
    >
      {isFixed ? (
        grid
      ) : (
        <Form change={save} label={t('app.save')} cancel={close}>
          <TextInput label={t('people.name')} {...field('name')} required maw={400} autoFocus />
          <Text size="sm" c="dimmed">
            {t('roles.count', { count: all.size })}
          </Text>
          {grid}
        </Form>
      )}
    </Page>
  );
}
