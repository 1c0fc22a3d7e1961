#include "replicas/rules.h"

#include "proto/check.h"
#include "replicas/keyring.h"
#include "replicas/sealed.h"

static unsigned writer_bits(const struct charter_member *m)
{
    switch (m->role) {
    case CHARTER_OFFICE:
        return SCHEMA_OFFICE | (m->treasurer ? SCHEMA_TREASURER : 0u);
    case CHARTER_AUDITOR:
        return SCHEMA_AUDITOR;
    case CHARTER_PARTNER:
        return 0;
    }
    CHECK(false);
    return 0;
}

bool rules_may_write(const struct charter_member *member, const struct schema_type *type)
{
    return (type->writers & writer_bits(member)) != 0;
}

static enum status check_type(const struct charter *charter, const struct charter_member *member,
                              const struct op *op, const struct schema_type **out, struct fault *f)
{
    const struct schema_type *type = schema_type(charter->schema, op->type);
    int name_bytes = (int)op->type.count;
    if (type == NULL)
        return fault_set(f, ST_NOT_SCHEMA, "the schema has no type \"%.*s\"", name_bytes,
                         (const char *)op->type.data);
    if (type->entry != (op->verb == OP_ENTRY))
        return fault_set(f, ST_NOT_SCHEMA, "type %s is %s", type->name,
                         type->entry ? "an entry: it is written whole, once" : "no entry");
    if (!rules_may_write(member, type)) {
        fault_set(f, ST_NOT_ALLOWED, "%s, as %s%s, may not write %s", member->label,
                  charter_role_text(member->role), member->treasurer ? " and treasurer" : "",
                  type->name);
        fault_fix(f, "ask an office that may, or an admin for the right");
        return ST_NOT_ALLOWED;
    }
    *out = type;
    return ST_OK;
}

/* A value of class internal or personal: null, or what stands for it (sealed.h), written by one who
 * may read it. */
static enum status check_sealed(const struct charter_member *member, const struct schema_type *type,
                                const struct schema_field *field, const struct op *op,
                                struct fault *f)
{
    struct sealed_value value;
    const char *class = sealed_class_text(field->class);
    if (op->verb != OP_SET)
        return fault_set(f, ST_NOT_SCHEMA, "field %s of %s is no set", field->name, type->name);
    if (!keyring_entitled(member->role, field->class))
        return fault_set(f, ST_NOT_ALLOWED,
                         "%s, as %s, may not write field %s of %s: it is %s data", member->label,
                         charter_role_text(member->role), field->name, type->name, class);
    if (bytes_equal_text(op->value, "null"))
        return ST_OK;
    if (!sealed_parse(op->value, &value))
        return fault_set(f, ST_BAD_VALUE,
                         "field %s of %s is %s data, which never enters the history in clear",
                         field->name, type->name, class);
    if (value.class != field->class)
        return fault_set(f, ST_BAD_VALUE, "field %s of %s is %s data, sealed as %s", field->name,
                         type->name, class, sealed_class_text(value.class));
    return ST_OK;
}

static enum status check_field(const struct charter_member *member, const struct schema_type *type,
                               const struct op *op, struct fault *f)
{
    const struct schema_field *field = schema_field(type, op->name);
    if (field == NULL)
        return fault_set(f, ST_NOT_SCHEMA, "type %s has no field \"%.*s\"", type->name,
                         (int)op->name.count, (const char *)op->name.data);
    if (field->class != SCHEMA_OPEN)
        return check_sealed(member, type, field, op, f);
    if ((field->kind == SCHEMA_SET) != (op->verb != OP_SET))
        return fault_set(f, ST_NOT_SCHEMA, "field %s of %s is %s", field->name, type->name,
                         field->kind == SCHEMA_SET ? "a set: add to it or drop from it" : "no set");
    if (op->verb == OP_DROP)
        return ST_OK; /* whatever is there may go */
    return schema_check(field, op->value, f);
}

enum status rules_check(const struct charter *charter, const struct charter_member *member,
                        const struct op_list *ops, struct fault *f)
{
    if (member->role == CHARTER_PARTNER)
        return fault_set(f, ST_NOT_ALLOWED, "%s is a partner, which reads and writes nothing",
                         member->label);
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->ops[i];
        const struct schema_type *type = NULL;
        if (op->verb == OP_CHARTER || op->verb == OP_ADOPT)
            continue; /* bound by the judge */
        enum status st = check_type(charter, member, op, &type, f);
        if (st == ST_OK)
            st = op->verb == OP_ENTRY ? schema_check_entry(type, op->value, f)
                                      : check_field(member, type, op, f);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
