// Drives the FHIR door by fhir-kit-client (npm) and prints what it found as JSON.
import Client from "fhir-kit-client";

const client = new Client({ baseUrl: process.env.FHIR, bearerToken: process.env.TOKEN });
const observation = (patient, value, day) => ({
  resourceType: "Observation", status: "final", subject: { reference: patient }, effectiveDateTime: day,
  code: { coding: [{ system: "http://loinc.org", code: "8480-6" }] },
  valueQuantity: { value, unit: "mmHg", system: "http://unitsofmeasure.org", code: "mm[Hg]" },
});
const found = {};

found.fhirVersion = (await client.capabilityStatement()).fhirVersion;
const patient = await client.create({ resourceType: "Patient", body: { resourceType: "Patient", name: [{ family: "Kit" }] } });
found.read = (await client.read({ resourceType: "Patient", id: patient.id })).name[0].family;
for (const [value, day] of [[150, "2026-01-01"], [140, "2026-02-01"]]) {
  await client.create({ resourceType: "Observation", body: observation(`Patient/${patient.id}`, value, day) });
}
const search = (more) => client.search({ resourceType: "Observation", searchParams: { patient: patient.id, ...more } });
found.sorted = (await search({ _sort: "-date" })).entry.map((entry) => entry.resource.valueQuantity.value);
found.included = (await search({ _include: "Observation:subject" })).entry.filter((entry) => entry.search.mode === "include").length;
found.count = (await search({ _summary: "count" })).total;
found.next = (await client.nextPage({ bundle: await search({ _count: 1 }) })).entry.length;
found.transaction = (await client.transaction({ body: JSON.parse(process.env.VISIT) })).entry.map((entry) => entry.response.status);
await client.update({ resourceType: "Patient", id: patient.id, body: { ...patient, gender: "female" } });
const history = await client.history({ resourceType: "Patient", id: patient.id });
found.history = history.entry.map((entry) => entry.resource.meta.versionId);
const patch = [{ op: "add", path: "/active", value: true }];
found.patched = (await client.patch({ resourceType: "Patient", id: patient.id, JSONPatch: patch })).active;
const body = { resourceType: "Patient", gender: "woman" };
found.refused = await client.create({ resourceType: "Patient", body }).catch((error) => error.response.status);
const other = await client.create({ resourceType: "Patient", body: { resourceType: "Patient" } });
await client.delete({ resourceType: "Patient", id: other.id });
found.gone = await client.read({ resourceType: "Patient", id: other.id }).catch((error) => error.response.status);
console.log(JSON.stringify(found));
