import { freeze, type JsonObject } from '../wire/json.ts';
import { messageNamed, messagesWith } from '../wire/messages.ts';
import { type Found, listObjects, type Shelf, shelfOf, single, type Versions } from './list.ts';
import type { ListOptions } from './list-options.ts';
import { type Resource, resourceAmong } from './resources.ts';

/** A custom resource definition, and the objects of its kind. Every version serves the same objects. */
export interface CustomDefinition {
  /** Empty for a kind of Kubernetes itself, such as `secrets`, that the server does not have otherwise. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** Default: the kind and `List`. */
  readonly listKind?: string;
  /** Default: `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  /** Without `apiVersion` and `kind`. */
  readonly objects: readonly JsonObject[];
}

/** The definitions of a server, and their objects. */
export interface CustomResources {
  /** What a path asks for: the definitions, or a served custom resource. Undefined for another path. */
  readonly at: (path: string, versions: Versions) => Found | undefined;
  /** One object by its own path, and the name of its resource. */
  readonly object: (path: string) => NamedObject | undefined;
}

/** An object that a client requested by its name. */
interface NamedObject {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly object: JsonObject | undefined;
}

/** The custom resources of these definitions; they do not change. */
export function customResources(definitions: readonly CustomDefinition[]): CustomResources {
  const shelves = new Map<Resource, Shelf>();
  shelves.set(
    definitionsResource,
    shelfOf(
      definitions.filter(({ group }) => group !== '').map((each) => single(freeze(definitionOf(each)))),
    ),
  );
  for (const definition of definitions)
    for (const { name: version } of definition.versions.filter(({ served }) => served)) {
      const apiVersion = definition.group === '' ? version : `${definition.group}/${version}`;
      const objects = definition.objects.map((object) => ({ apiVersion, kind: definition.kind, ...object }));
      shelves.set(resourceOf(definition, version), shelfOf(objects.map((object) => single(freeze(object)))));
    }
  return {
    at(path, versions) {
      const found = resourceAmong([...shelves.keys()], path);
      const shelf = found && shelves.get(found.resource);
      if (found === undefined || shelf === undefined) return undefined;
      const own: Versions<string> = {
        current: () => ({ version: versions.current().version, shelf: () => shelf }),
        at: (version) => versions.at(version) && { version, shelf: () => shelf },
      };
      const list = (options: ListOptions) => listObjects(own, found.resource.name, found.namespace, options);
      return { ...found, jsonOnly: found.resource !== definitionsResource, list };
    },
    object(path) {
      const [, list = '', name = ''] = /^(.+)\/([^/]+)$/.exec(path) ?? [];
      const found = resourceAmong([...shelves.keys()], list);
      if (found === undefined) return undefined;
      const shelf = shelves.get(found.resource);
      const key = found.namespace === undefined ? name : `${found.namespace}/${name}`;
      const at = shelf?.seek(key) ?? 0;
      const isThere = shelf !== undefined && at < shelf.size && shelf.key(at) === key;
      return { ...found, object: isThere ? shelf.object(at) : undefined };
    },
  };
}

const messages = messagesWith(`
CustomResourceDefinition: metadata 1 ObjectMeta, spec 2 CustomResourceDefinitionSpec
CustomResourceDefinitionSpec: group 1 text, names 3 CustomResourceDefinitionNames, scope 4 text, versions 7
  CustomResourceDefinitionVersion[]
CustomResourceDefinitionNames: plural 1 text, singular 2 text, kind 4 text, listKind 5 text
CustomResourceDefinitionVersion: name 1 text, served 2 bool, storage 3 bool, schema 4
  CustomResourceValidation?
CustomResourceValidation: openAPIV3Schema 1 JSONSchemaProps?
JSONSchemaProps: description 4 text, type 5 text
`);

const definitionsResource: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  name: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  selectable: [],
  message: messageNamed('CustomResourceDefinition', messages),
};

function resourceOf({ group, plural, kind, listKind, scope }: CustomDefinition, version: string): Resource {
  return {
    group,
    version,
    name: plural,
    // The list's kind is made from it.
    kind: listKind?.replace(/List$/, '') ?? kind,
    namespaced: scope !== 'Cluster',
    selectable: [],
    // Never encoded: custom resources exist only in JSON.
    message: messageNamed('ObjectMeta'),
  };
}

function definitionOf(definition: CustomDefinition): JsonObject {
  const { group, kind, plural, listKind = `${kind}List`, scope = 'Namespaced', versions } = definition;
  return {
    metadata: { name: `${plural}.${group}`, uid: `definition-of-${plural}.${group}` },
    spec: {
      group,
      names: { plural, singular: kind.toLowerCase(), kind, listKind },
      scope,
      versions: versions.map(({ name, served }, index) => ({
        name,
        served,
        storage: index === 0,
        schema: { openAPIV3Schema: { description: `A ${kind} as of ${name}.`, type: 'object' } },
      })),
    },
  };
}
