import type { Metadata } from 'next';
import Link from 'next/link';
import { getGuideline } from '#lib/services/guidelines/get-guideline';
import { listMembers } from '#lib/services/people/list-members';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getFormat, getT } from '../../../../_i18n/server';
import { GuidelineEditor } from '../../_components/guideline-editor';
import { InvitePeople } from '../../_components/invite-people';
import { loadProject } from '../../_lib/load-project';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('people'))('settings.title') };
}

export default async function SettingsPage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('member.read')) return <NoPermission action="member.read" held={project.roles} />;
  const [t, form, labeling] = [await getT('people'), await getT('form'), await getT('labeling')];
  const [common, format] = [await getT('common'), await getFormat()];
  const projectId = project.id;
  const [members, guideline] = await Promise.all([listMembers(deps, actor, { projectId }), getGuideline(deps, actor, { projectId })]);
  return (
    <div className="page mid">
      <h1>{t('settings.title')}</h1>
      <section className="card">
        <div className="head">
          <h2>{t('members.title')}</h2>
          <span className="sm dim">{t('members.count', { n: members.length })}</span>
        </div>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t('members.name')}</th>
                <th scope="col">{t('email')}</th>
                <th scope="col">{t('members.roles')}</th>
                <th scope="col">{t('members.joined')}</th>
              </tr>
            </thead>
            <tbody>
              {members.map((member) => (
                <tr key={member.userId}>
                  <th scope="row" className="anywhere">
                    <bdi>{member.name}</bdi>
                  </th>
                  <td className="ink2 anywhere">{member.kind === 'SIMULATED' ? t('members.simulated') : member.email}</td>
                  <td>{member.roles.map((role) => common(`role.${role}`)).join(', ')}</td>
                  <td className="nowrap dim">{format.dateTime(member.joinedAt, { dateStyle: 'medium' })}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {may('member.invite') && (
        <section className="card">
          <h2>{t('invite.title')}</h2>
          <InvitePeople projectId={projectId} primary />
        </section>
      )}
      {may('form.read') && (
        <section className="card">
          <h2>{form('open')}</h2>
          <p className="ink2">{form('openText')}</p>
          <div className="actions">
            <Link className="btn lg" href={`/p/${project.slug}/settings/form`}>
              {form('open')}
            </Link>
          </div>
        </section>
      )}
      {may('labeling.manage') && (
        <section className="card">
          <h2>{labeling('open')}</h2>
          <p className="ink2">{labeling('openText')}</p>
          <div className="actions">
            <Link className="btn lg" href={`/p/${project.slug}/settings/labeling`}>
              {labeling('open')}
            </Link>
          </div>
        </section>
      )}
      <section className="card">
        <h2>{t('guideline.title')}</h2>
        <GuidelineEditor
          key={guideline.version}
          projectId={projectId}
          guideline={{ version: guideline.version, text: guideline.text }}
          primary={false}
          mayWrite={may('guideline.write')}
        />
      </section>
    </div>
  );
}
