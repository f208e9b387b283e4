/** Which address shows what. Every page is loaded when it is first asked for. */
import { createElement } from 'react';
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { Broken, NotFound } from './failures';
import { Bare, Either, Frame, NOWHERE } from './frame';

/** Whoever logs in where the login is said to be is at home then. */
const Home = () => createElement(Navigate, { to: '/', replace: true });

/** For whoever is logged in. */
const pages: RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import('~/features/instance/overview')).Overview }) },
  { path: 'devices', lazy: async () => ({ Component: (await import('~/features/devices/list')).DeviceList }) },
  { path: 'devices/:mac', lazy: async () => ({ Component: (await import('~/features/devices/device')).DevicePage }) },
  { path: 'waiting', lazy: async () => ({ Component: (await import('~/features/devices/waiting')).WaitingPage }) },
  { path: 'sites', lazy: async () => ({ Component: (await import('~/features/sites/list')).SiteList }) },
  { path: 'profiles', lazy: async () => ({ Component: (await import('~/features/profiles/list')).ProfileList }) },
  { path: 'networks', lazy: async () => ({ Component: (await import('~/features/networks/list')).NetworkList }) },
  { path: 'log', lazy: async () => ({ Component: (await import('~/features/checkins/log')).LogPage }) },
  { path: 'alarms', lazy: async () => ({ Component: (await import('~/features/alarms/list')).AlarmList }) },
  { path: 'company', lazy: async () => ({ Component: (await import('~/features/accounts/company')).CompanyPage }) },
  { path: 'accounts', lazy: async () => ({ Component: (await import('~/features/accounts/list')).AccountList }) },
  { path: 'accounts/:id', lazy: async () => ({ Component: (await import('~/features/accounts/account')).AccountPage }) },
  { path: 'requests', lazy: async () => ({ Component: (await import('~/features/accounts/requests')).RequestList }) },
  { path: 'invitation', lazy: async () => ({ Component: (await import('~/features/accounts/invitation')).InvitationPage }) },
  { path: 'users', lazy: async () => ({ Component: (await import('~/features/users/list')).UserList }) },
  { path: 'roles', lazy: async () => ({ Component: (await import('~/features/users/roles')).RoleList }) },
  { path: 'keys', lazy: async () => ({ Component: (await import('~/features/users/keys')).KeyList }) },
  { path: 'notifications', lazy: async () => ({ Component: (await import('~/features/notify/page')).NotificationsPage }) },
  { path: 'mail', lazy: async () => ({ Component: (await import('~/features/mail/page')).MailPage }) },
  { path: 'webhooks', lazy: async () => ({ Component: (await import('~/features/webhooks/list')).WebhookList }) },
  { path: 'audit', lazy: async () => ({ Component: (await import('~/features/audit/list')).AuditList }) },
  { path: 'apidocs', lazy: async () => ({ Component: (await import('~/features/users/reference')).Reference }) },
  { path: 'me', lazy: async () => ({ Component: (await import('~/features/users/me')).MePage }) },
  { path: 'about', lazy: async () => ({ Component: (await import('~/features/instance/about')).About }) },
  { path: 'news', lazy: async () => ({ Component: (await import('~/features/instance/news')).News }) },
  { path: 'login', Component: Home },
  { path: '*', Component: NotFound, handle: NOWHERE },
];

/** For everybody, before the login. */
const doors: RouteObject[] = [
  { path: 'sign-up', lazy: async () => ({ Component: (await import('~/features/accounts/sign_up')).SignUp }) },
  { path: 'forgotten', lazy: async () => ({ Component: (await import('~/features/users/forgotten')).Forgotten }) },
  // An invitation and a forgotten password: both choose one.
  { path: 'activate', lazy: async () => ({ Component: (await import('~/features/users/forgotten')).Activate }) },
  { path: 'reset', lazy: async () => ({ Component: (await import('~/features/users/forgotten')).Reset }) },
];

/** For everybody, with the navigation for whoever is logged in. */
const papers: RouteObject[] = [
  { path: 'help/:section?', lazy: async () => ({ Component: (await import('~/features/instance/help')).Help }) },
  { path: 'documents', lazy: async () => ({ Component: (await import('~/features/instance/documents')).Documents }) },
  { path: 'feedback', lazy: async () => ({ Component: (await import('~/features/instance/feedback')).Feedback }) },
];

export const router = createBrowserRouter([
  { Component: Bare, ErrorBoundary: Broken, children: doors },
  { Component: Either, ErrorBoundary: Broken, children: papers },
  { Component: Frame, ErrorBoundary: Broken, children: pages },
]);
