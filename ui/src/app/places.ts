/** The navigation: where it leads, and who sees it. */
import type { Permission } from '~/api/session';
import type { IconName } from '~/components/icon';
import type { Words } from '~/lib/locales/en';

export interface Place {
  to: string;
  word: keyof Words['nav'];
  icon: IconName;
  permission: Permission;
  /** Only on a box of one company, or only on one of several. */
  alone?: boolean;
}

export const PLACES: { group: 'phones' | 'people' | 'box'; places: Place[] }[] = [
  {
    group: 'phones',
    places: [
      { to: '/', word: 'overview', icon: 'overview', permission: 'device.read' },
      { to: '/devices', word: 'devices', icon: 'phone', permission: 'device.read' },
      { to: '/waiting', word: 'waiting', icon: 'waiting', permission: 'network.read' },
      { to: '/log', word: 'log', icon: 'log', permission: 'check-in.read' },
      { to: '/alarms', word: 'alarms', icon: 'bell', permission: 'alarm.read' },
    ],
  },
  {
    group: 'people',
    places: [
      { to: '/company', word: 'company', icon: 'building', permission: 'account.read', alone: true },
      { to: '/accounts', word: 'accounts', icon: 'building', permission: 'account.read', alone: false },
      { to: '/users', word: 'users', icon: 'person', permission: 'user.read' },
      { to: '/roles', word: 'roles', icon: 'shield', permission: 'role.read' },
    ],
  },
  {
    group: 'box',
    places: [
      { to: '/keys', word: 'keys', icon: 'key', permission: 'api-key.read' },
      { to: '/mail', word: 'mail', icon: 'mail', permission: 'mail.read' },
      { to: '/audit', word: 'audit', icon: 'list', permission: 'audit.read' },
    ],
  },
];
