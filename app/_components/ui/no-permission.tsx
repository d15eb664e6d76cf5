import { type ProjectAction, type Role, rolesFor } from '#lib/domain/permissions';
import { getT } from '../../_i18n/server';

/** Says which role may open a page, in place of the page. */
export async function NoPermission({ action, held }: { action: ProjectAction; held: readonly Role[] }) {
  const t = await getT('common');
  const words = (roles: readonly Role[]) => roles.map((role) => t(`role.${role}`)).join(', ');
  return (
    <div className="page mid">
      <section className="card empty">
        <h1>{t('noPermission.title')}</h1>
        <p>{t('noPermission.text', { roles: words(rolesFor(action)) })}</p>
        <p>{t('noPermission.yours', { roles: words(held) })}</p>
      </section>
    </div>
  );
}
