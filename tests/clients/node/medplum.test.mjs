// Medplum's client at work, unchanged. SITE, KEY: the address of the gateway's FHIR API and a hospital's key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MedplumClient } from "@medplum/core";

const { SITE, KEY } = process.env;
const NUMBERS = "urn:example:medplum";
const site = new URL(SITE);
const options = { baseUrl: `${site.origin}/`, fhirUrlPath: `${site.pathname.slice(1)}/`, cacheTime: 0 };
const fhir = new MedplumClient({ ...options, accessToken: KEY });

const patient = (number, elements = {}) => ({
  resourceType: "Patient",
  identifier: [{ system: NUMBERS, value: number }],
  ...elements,
});
const condition = (number, id) => ({
  resourceType: "Condition",
  identifier: [{ system: NUMBERS, value: number }],
  subject: { reference: `Patient/${id}` },
});
const numbersOf = (resources) => resources.map((resource) => resource.identifier[0].value);

test("the capability statement is read", async () => {
  const stated = await fhir.get(fhir.fhirUrl("metadata"));
  assert.equal(stated.fhirVersion, "4.0.1");
});

test("a resource is made, read, changed, read as it was, and deleted", async () => {
  const made = await fhir.createResource(patient("med-1", { name: [{ family: "Moss" }] }));
  const { id } = made;
  assert.deepEqual(await fhir.readResource("Patient", id), made);

  const changed = await fhir.updateResource({ ...made, gender: "female" });
  assert.equal(changed.meta.versionId, "2");
  assert.equal((await fhir.readVersion("Patient", id, "1")).gender, undefined);

  await fhir.deleteResource("Patient", id);
  await assert.rejects(fhir.readResource("Patient", id), (error) => {
    return error.outcome.resourceType === "OperationOutcome" && error.outcome.issue[0].code === "deleted";
  });
  const history = await fhir.readHistory("Patient", id);
  assert.deepEqual(history.entry.map((entry) => entry.request.method), ["DELETE", "PUT", "POST"]);
  assert.equal((await fhir.readHistory("Patient", id, { count: 1 })).entry.length, 1);
});

test("an update of a version that passed is a conflict", async () => {
  const made = await fhir.createResource(patient("med-2"));
  const headers = { "If-Match": 'W/"1"' };
  await fhir.updateResource({ ...made, gender: "other" }, { headers });
  await assert.rejects(fhir.updateResource({ ...made, gender: "male" }, { headers }), (error) => {
    return error.outcome.issue[0].code === "conflict";
  });
});

test("one that is there is not made again", async () => {
  const unless = `identifier=${NUMBERS}|med-3`;
  const made = await fhir.createResourceIfNoneExist(patient("med-3"), unless);
  const again = await fhir.createResourceIfNoneExist(patient("med-3", { gender: "male" }), unless);
  assert.deepEqual(again, made);
});

test("searches are walked page by page", async () => {
  const { id } = await fhir.createResource(patient("med-4", { name: [{ family: "Medwalked" }] }));
  await Promise.all([1, 2, 3, 4, 5].map((n) => fhir.createResource(condition(`med-4-${n}`, id))));

  const found = [];
  const query = { "patient:Patient.family": "Medwalked", _count: "2" };
  for await (const page of fhir.searchResourcePages("Condition", query)) {
    found.push(...numbersOf(page));
  }
  assert.deepEqual(found.sort(), [1, 2, 3, 4, 5].map((n) => `med-4-${n}`));
});

test("searches find one, some, and what belongs to them", async () => {
  const { id } = await fhir.createResource(patient("med-5"));
  await fhir.createResource(condition("med-5-a", id));

  const her = await fhir.searchOne("Patient", `identifier=${NUMBERS}|med-5`);
  assert.equal(her.id, id);
  assert.equal(await fhir.searchOne("Patient", `identifier=${NUMBERS}|none`), undefined);
  const some = await fhir.searchResources("Condition", { patient: `Patient/${id}`, _sort: "-_lastUpdated" });
  assert.deepEqual(numbersOf(some), ["med-5-a"]);
  const bundle = await fhir.search("Patient", { _id: id, _revinclude: "Condition:patient" });
  assert.deepEqual(bundle.entry.map((entry) => entry.resource.resourceType), ["Patient", "Condition"]);
  const counted = await fhir.search("Condition", { patient: id, _total: "accurate", _count: "0" });
  assert.equal(counted.total, 1);
});

test("references are resolved", async () => {
  const { id } = await fhir.createResource(patient("med-6"));
  const made = await fhir.createResource(condition("med-6-a", id));
  assert.equal((await fhir.readReference(made.subject)).id, id);
});

test("refusals carry an OperationOutcome", async () => {
  const said = (code) => (error) => {
    assert.equal(error.outcome.resourceType, "OperationOutcome");
    assert.equal(error.outcome.issue[0].code, code);
    return true;
  };
  await assert.rejects(fhir.createResource({ resourceType: "Patient", birthDate: "last spring" }), said("value"));
  await assert.rejects(fhir.readResource("Patient", "there-is-none"), said("not-found"));
  await assert.rejects(fhir.readPatientEverything("there-is-none"), said("not-supported"));
  const stranger = new MedplumClient(options);
  await assert.rejects(stranger.searchResources("Patient"), said("login"));
});
