namespace Folio.Server;

/// <summary>A body of /v1/prefixes: the beginning of prompts or of conversations, as the generating routes will read them.</summary>
/// <param name="Field">Where it came from: prompt or messages.</param>
/// <param name="Caller">Whose requests will find it, as theirs find each other's prompts.</param>
internal sealed record PrefixRequest(string? Id, int[] Ids, string Field, Caller Caller)
{
    public const int MaxIdLength = 128;

    public static PrefixRequest Read(Fields body, ServedModel served, Holder holder)
    {
        FieldPolicies.Prefix.Check(body);
        served.Resolve(body.Text("model"));
        var caller = Caller.Read(body, served, holder);
        string? id = body.Text("id");
        if (id?.Length is 0 or > MaxIdLength) throw ApiException.BadRequest($"id must have 1 to {MaxIdLength} characters, got {id.Length}.", "id");
        if (id is "." or ".." || id?.AsSpan().ContainsAny('/', '\0') is true)
            throw ApiException.BadRequest("id is the last part of a path, DELETE /v1/prefixes/{id}: it can be neither '.' nor '..', and have no '/' in it.", "id");
        if (body.Has("prompt") == body.Has("messages")) throw ApiException.BadRequest("Give either prompt or messages.", "prompt");
        if (body.Has("prompt"))
        {
            IReadOnlyList<Prompt> prompts = PromptField.Read(body, served, new());
            return prompts.Count == 1 ? new(id, prompts[0].Ids, "prompt", caller) : throw ApiException.BadRequest($"prompt has {prompts.Count} prompts; one prefix is pinned at a time.", "prompt");
        }

        ToolFields.Read(body);
        using ChatMessages messages = ChatPrompt.ReadMessages(body, served);
        return new(id, ChatPrefix.Encode(body, served, messages), "messages", caller);
    }
}
