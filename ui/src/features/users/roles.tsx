/** Roles, their groups, and what each role may: operations of the permission table, and sites. */
import { Button, Checkbox, Group, NativeSelect, Stack, Table, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { closed, PermissionGrid, usePermissions } from './permissions';

type Role = Schema<'Role'>;
type RoleGroup = Schema<'RoleGroup'>;
const TOUCHED = ['roles', 'role-groups'];

function useGroups() {
  return useQuery({ queryKey: ['role-groups'], queryFn: () => done(client.GET('/api/v1/role-groups')) });
}

export function RoleList() {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<Role | 'new'>();
  const [grouping, setGrouping] = useState(false);
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => done(client.GET('/api/v1/roles')) });
  if (roles.error) return <ProblemBox error={roles.error} retry={() => void roles.refetch()} />;
  if (!roles.data) return <Waiting />;
  const close = () => { setOpen(undefined); };
  if (open) return <RoleForm key={open === 'new' ? 'new' : open.id} role={open === 'new' ? undefined : open} close={close} />;
  return (
    <Page
      title={t('nav.roles')}
      text={t('roles.text')}
      actions={
        may('role.write') && (
          <>
            <Button variant="default" onClick={() => { setGrouping(true); }}>
              {t('roles.groupsOf')}
            </Button>
            <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
              {t('roles.add')}
            </Button>
          </>
        )
      }
    >
      <div className="table">
        <Table highlightOnHover aria-label={t('nav.roles')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('people.name')}</Table.Th>
              <Table.Th className="wide">{t('devices.group')}</Table.Th>
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
                <Table.Td className="wide">{role.group}</Table.Td>
                <Table.Td>
                  {role.everything ? t('roles.everything') : t('roles.count', { count: role.permissions.length })}
                  {role.sites && <div className="second">{t('roles.countSites', { count: role.sites.length })}</div>}
                </Table.Td>
                <Table.Td>{role.users}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Dialog opened={grouping} close={() => { setGrouping(false); }} title={t('roles.groupsOf')}>
        <Groups />
      </Dialog>
    </Page>
  );
}

function Groups() {
  const { t } = useTranslation();
  const groups = useGroups();
  const { fields, field, setFields } = useFields({ name: '' });
  const add = useChange(() => done(client.POST('/api/v1/role-groups', { body: fields })), TOUCHED, () => { setFields({ name: '' }); });
  return (
    <Stack>
      <Text size="sm">{t('roles.groupsText')}</Text>
      {groups.error && <ProblemBox error={groups.error} retry={() => void groups.refetch()} />}
      <ul className="feed">
        {groups.data?.map((group) => (
          <li key={group.id}>
            <OneGroup of={group} />
          </li>
        ))}
      </ul>
      <Form change={add} label={t('roles.addGroup')}>
        <TextInput label={t('roles.newGroup')} {...field('name')} required />
      </Form>
    </Stack>
  );
}

function OneGroup({ of: group }: { of: RoleGroup }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  const { fields, field } = useFields({ name: group.name });
  const params = { path: { id: group.id } };
  const rename = useChange(() => done(client.PATCH('/api/v1/role-groups/{id}', { params, body: fields })), TOUCHED, () => { setEditing(false); });
  const remove = useChange(() => done(client.DELETE('/api/v1/role-groups/{id}', { params })), TOUCHED);
  if (editing) {
    return (
      <Form change={rename} label={t('app.save')} cancel={() => { setEditing(false); }}>
        <TextInput label={t('people.name')} {...field('name')} required data-autofocus />
      </Form>
    );
  }
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm" flex="1 1 10rem">
        {group.name}
        <span className="second"> · {group.built_in ? t('roles.builtIn') : t('roles.countRoles', { count: group.roles })}</span>
      </Text>
      {!group.built_in && (
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => { setEditing(true); }}>
            {t('devices.edit')}
          </Button>
          <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('roles.removeGroupText')} act={remove} />
        </Group>
      )}
    </Group>
  );
}

function RoleForm({ role, close }: { role?: Role; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const table = usePermissions();
  const groups = useGroups();
  const { fields, field } = useFields({ name: role?.name ?? '', group: role ? String(role.group_id) : '1' });
  const [chosen, setChosen] = useState(() => new Set(role?.permissions));
  const [sites, setSites] = useState(role?.sites ?? undefined);
  const isFixed = role?.built_in === true || !may('role.write');
  const all = closed(chosen, table.data ?? []);
  const body = { name: fields.name, group_id: Number(fields.group), permissions: [...all], sites: sites ?? null };
  const save = useChange(
    () =>
      role
        ? done(client.PATCH('/api/v1/roles/{id}', { params: { path: { id: role.id } }, body }))
        : done(client.POST('/api/v1/roles', { body })),
    TOUCHED,
    close,
  );
  const remove = useChange(() => done(client.DELETE('/api/v1/roles/{id}', { params: { path: { id: role?.id ?? 0 } } })), TOUCHED, close);
  return (
    <Page
      title={role?.name ?? t('roles.add')}
      text={role?.built_in ? t('roles.builtInText') : t('roles.gridText')}
      actions={
        <Group>
          <Button variant="default" onClick={close}>
            {t('app.back')}
          </Button>
          {role && may('user.write') && (
            <Button variant="default" component={Link} to={`/users?add=${String(role.id)}`}>
              {t('roles.addUser')}
            </Button>
          )}
          {role && !isFixed && <ConfirmButton variant="default" label={t('devices.remove')} text={t('roles.removeText')} act={remove} />}
        </Group>
      }
    >
      {isFixed ? (
        <PermissionGrid chosen={chosen} />
      ) : (
        <Form change={save} label={t('app.save')} cancel={close}>
          <Group align="flex-start">
            <TextInput label={t('people.name')} {...field('name')} required flex="1 1 16rem" maw={400} autoFocus />
            <NativeSelect
              label={t('devices.group')}
              {...field('group')}
              flex="1 1 12rem"
              maw={300}
              data={(groups.data ?? []).map((group) => ({ value: String(group.id), label: group.name }))}
            />
          </Group>
          <Sites chosen={sites} onChange={setSites} />
          <Text size="sm" c="dimmed">
            {t('roles.count', { count: all.size })}
          </Text>
          <PermissionGrid chosen={chosen} onChange={setChosen} limited={sites !== undefined} />
        </Form>
      )}
    </Page>
  );
}

/** Where it counts. Sites stand below their company: the tree has these two steps. */
function Sites({ chosen, onChange }: { chosen?: string[]; onChange: (sites?: string[]) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const sites = useQuery({
    queryKey: ['sites', 'all'],
    queryFn: () => done(client.GET('/api/v1/sites', { params: { query: { limit: 500 } } })),
    enabled: chosen !== undefined && may('site.read'),
  });
  const toggle = (name: string) => { onChange(chosen?.includes(name) ? chosen.filter((other) => other !== name) : [...(chosen ?? []), name]); };
  return (
    <Stack gap={6} component="fieldset" className="permissions">
      <Text component="legend" size="sm" fw={600}>
        {t('roles.sites')}
      </Text>
      <Checkbox label={t('roles.allSites')} checked={chosen === undefined} onChange={(event) => { onChange(event.currentTarget.checked ? undefined : []); }} />
      {sites.error && <ProblemBox error={sites.error} />}
      {chosen && (
        <Stack gap={6} ps="xl">
          {(sites.data?.items ?? []).map((site) => (
            <Checkbox key={site.name} label={site.name} checked={chosen.includes(site.name)} onChange={() => { toggle(site.name); }} />
          ))}
          {sites.data?.items.length === 0 && <Text size="sm">{t('roles.noSites')}</Text>}
        </Stack>
      )}
    </Stack>
  );
}
