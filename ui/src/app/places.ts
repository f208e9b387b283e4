/** The navigation: where it leads, who sees it, and which section of the help is about it. */
import type { Permission } from '~/api/session';
import type { IconName } from '~/components/icon';
import type { HelpSection } from '~/lib/help';
import type { Words } from '~/lib/locales/en';

export interface Place {
  to: string;
  word: keyof Words['nav'];
  icon: IconName;
  /** None: for everybody who is logged in. */
  permission?: Permission;
  /** Only where this company sees others, or only where the box serves others at all. */
  others?: 'seen' | 'served';
}

/** ALE-038: overview, devices, profiles, logs, and what the box and its people need. */
export const PLACES: { group: 'phones' | 'logs' | 'system'; places: Place[] }[] = [
  {
    group: 'phones',
    places: [
      { to: '/', word: 'overview', icon: 'overview' },
      { to: '/devices', word: 'devices', icon: 'phone', permission: 'device.read' },
      { to: '/waiting', word: 'waiting', icon: 'waiting', permission: 'network.read' },
      { to: '/sites', word: 'sites', icon: 'pin', permission: 'site.read' },
      { to: '/profiles', word: 'profiles', icon: 'sliders', permission: 'profile.read' },
      { to: '/networks', word: 'networks', icon: 'net', permission: 'network.read' },
    ],
  },
  {
    group: 'logs',
    places: [
      { to: '/log', word: 'log', icon: 'log', permission: 'check-in.read' },
      { to: '/alarms', word: 'alarms', icon: 'bell', permission: 'alarm.read' },
      { to: '/audit', word: 'audit', icon: 'list', permission: 'audit.read' },
    ],
  },
  {
    group: 'system',
    places: [
      { to: '/company', word: 'company', icon: 'building', permission: 'account.read' },
      { to: '/accounts', word: 'accounts', icon: 'building', permission: 'account.read', others: 'seen' },
      { to: '/requests', word: 'requests', icon: 'waiting', permission: 'sign-up.read', others: 'served' },
      { to: '/users', word: 'users', icon: 'person', permission: 'user.read' },
      { to: '/roles', word: 'roles', icon: 'shield', permission: 'role.read' },
      { to: '/keys', word: 'keys', icon: 'key', permission: 'api-key.read' },
      { to: '/notifications', word: 'notifications', icon: 'bell', permission: 'notification.read' },
      { to: '/mail', word: 'mail', icon: 'mail', permission: 'notification.read' },
      { to: '/webhooks', word: 'webhooks', icon: 'globe', permission: 'webhook.read' },
    ],
  },
];

/** Beginnings of addresses, the longest first where one begins like another. Not listed: the start of the help. */
const HELP: [string, HelpSection][] = [
  ['/devices/', 'device'],
  ['/devices', 'devices'],
  ['/waiting', 'waiting'],
  ['/networks', 'waiting'],
  ['/log', 'log'],
  ['/alarms', 'log'],
  ['/sites', 'sites'],
  ['/profiles', 'profiles'],
  ['/settings', 'profiles'],
  ['/company', 'accounts'],
  ['/account', 'accounts'],
  ['/sign-up', 'accounts'],
  ['/links', 'accounts'],
  ['/channels', 'accounts'],
  ['/users', 'users'],
  ['/roles', 'users'],
  ['/me', 'users'],
  ['/forgotten', 'users'],
  ['/activate', 'users'],
  ['/reset', 'users'],
  ['/keys', 'programs'],
  ['/webhooks', 'programs'],
  ['/mail', 'mail'],
  ['/notifications', 'mail'],
  ['/audit', 'audit'],
];

export function helpOf(path: string): HelpSection {
  if (path === '/') return 'overview';
  return HELP.find(([start]) => path.startsWith(start))?.[1] ?? 'start';
}
