/** The groups and projects that the GitLab stand-in starts with. */
import type { Group, Project } from "./model";

export interface Namespaces {
  groups: Group[];
  projects: Project[];
}

/** Group acme with four subgroups; each of the five has a project `demo`. */
export function fixture(): Namespaces {
  const acme: Group = { id: 10, name: "Acme", path: "acme", fullPath: "acme" };
  const subgroups = ["backend", "frontend", "data", "platform"].map((path, index): Group => {
    const name = path[0].toUpperCase() + path.slice(1);
    return { id: 11 + index, name, path, fullPath: `acme/${path}`, parent: acme };
  });
  const groups = [acme, ...subgroups];
  const projects = groups.map((group, index): Project => {
    const fullPath = `${group.fullPath}/demo`;
    return { id: 101 + index, name: "demo", path: "demo", fullPath, group, defaultBranch: "main", buildTimeout: 3600 };
  });
  return { groups, projects };
}

/** A group by its id or by its (URL-decoded) full path. */
export function findGroup(namespaces: Namespaces, idOrPath: string): Group | undefined {
  return namespaces.groups.find((group) => String(group.id) === idOrPath || samePath(group.fullPath, idOrPath));
}

/** A project by its id or by its (URL-decoded) full path. */
export function findProject(namespaces: Namespaces, idOrPath: string): Project | undefined {
  return namespaces.projects.find((project) => String(project.id) === idOrPath || samePath(project.fullPath, idOrPath));
}

/** GitLab compares paths case-insensitively. */
const samePath = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** Whether `group` is `ancestor` or lies below it. */
export function isWithin(group: Group, ancestor: Group): boolean {
  return group === ancestor || (group.parent !== undefined && isWithin(group.parent, ancestor));
}
