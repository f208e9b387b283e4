/** Which address shows what. Every page is loaded when it is first asked for. */
import { createBrowserRouter, type RouteObject } from 'react-router';
import { Broken, NotFound } from './failures';
import { Frame } from './frame';

const pages: RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import('~/features/instance/overview')).Overview }) },
  { path: 'devices', lazy: async () => ({ Component: (await import('~/features/devices/list')).DeviceList }) },
  { path: 'devices/:mac', lazy: async () => ({ Component: (await import('~/features/devices/device')).DevicePage }) },
  { path: 'waiting', lazy: async () => ({ Component: (await import('~/features/devices/waiting')).WaitingPage }) },
  { path: 'log', lazy: async () => ({ Component: (await import('~/features/checkins/log')).LogPage }) },
  { path: 'alarms', lazy: async () => ({ Component: (await import('~/features/alarms/list')).AlarmList }) },
  { path: 'audit', lazy: async () => ({ Component: (await import('~/features/audit/list')).AuditList }) },
  { path: '*', Component: NotFound },
];

export const router = createBrowserRouter([{ Component: Frame, ErrorBoundary: Broken, children: pages }]);
