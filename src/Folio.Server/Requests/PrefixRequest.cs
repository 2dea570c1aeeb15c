namespace Folio.Server;

/// <summary>A body of /v1/prefixes: the beginning of prompts or of conversations, as the generating routes will read them.</summary>
/// <param name="Field">Where it came from: prompt or messages.</param>
internal sealed record PrefixRequest(string? Id, int[] Ids, string Field)
{
    public const int MaxIdLength = 128;

    public static PrefixRequest Read(Fields body, ServedModel served)
    {
        FieldPolicies.Prefix.Check(body);
        served.Resolve(body.Text("model"));
        string? id = body.Text("id");
        if (id?.Length is 0 or > MaxIdLength) throw ApiException.BadRequest($"id must have 1 to {MaxIdLength} characters, got {id.Length}.", "id");
        if (body.Has("prompt") == body.Has("messages")) throw ApiException.BadRequest("Give either prompt or messages.", "prompt");
        if (body.Has("prompt"))
        {
            IReadOnlyList<Prompt> prompts = PromptField.Read(body, served, new());
            return prompts.Count == 1 ? new(id, prompts[0].Ids, "prompt") : throw ApiException.BadRequest($"prompt has {prompts.Count} prompts; one prefix is pinned at a time.", "prompt");
        }

        using ChatMessages messages = ChatMessages.Read(body);
        return new(id, ChatPrefix.Encode(body, served, messages), "messages");
    }
}
