using Folio.Engine;

namespace Folio.Requests;

/// <summary>A body of /v1/embeddings, understood.</summary>
internal sealed record EmbeddingsRequest(string Model, IReadOnlyList<Prompt> Inputs, Caller Caller)
{
    /// <summary>Vectors as base64 of little-endian fp32 numbers instead of a list.</summary>
    public bool AsBase64 { get; private init; }

    public int? Dimensions { get; private init; }

    public bool Normalize { get; private init; }

    /// <summary>The client's own name for the request, a part of the answer's id.</summary>
    public string? RequestId { get; private init; }

    /// <param name="holder">Whose key it came with.</param>
    /// <param name="cancellation">Looked at between texts: many take their time.</param>
    public static EmbeddingsRequest Read(Fields body, ServedModel served, Holder holder, CancellationToken cancellation = default)
    {
        FieldPolicies.Embedding.Check(body);
        string model = served.Resolve(body.Text("model"));
        bool asBase64 = ReadFormat(body), normalize = ReadNormalize(body), addSpecial = body.Flag("add_special_tokens") ?? true;
        int? dimensions = body.Integer("dimensions"), truncate = AnswerFields.ReadTruncation(body);
        long characters = 0;
        string? requestId = AnswerFields.ReadRequestId(body);
        var caller = Caller.Read(body, served, holder);
        IReadOnlyList<Prompt> inputs = PromptField.Read(body, "input", served, served.Options.MaxEmbeddingInputs, OfText, OfIds, cancellation);
        return new(model, inputs, caller) { AsBase64 = asBase64, Dimensions = dimensions, Normalize = normalize, RequestId = requestId };

        Prompt OfText(string text, string path)
        {
            int most = served.Options.MaxTokenizeLength;
            characters += text.Length;
            if (characters > most) throw ApiException.BadRequest($"input has {characters} characters up to {path}; at most {most} are tokenized in one request.", "input");
            return new(served.EncodeInput(text, addSpecial, truncate, path), null);
        }

        Prompt OfIds(int[] ids) => new(ids[..int.Min(ids.Length, served.MostTokens(truncate))], null);
    }

    /// <summary>The engine's requests, one for each input.</summary>
    /// <param name="id">The answer's.</param>
    public IReadOnlyList<EmbeddingRequest> Texts(string id) => [.. Inputs.Select((input, index) => new EmbeddingRequest
    {
        Id = Prompt.NameOf(id, index, Inputs.Count),
        Prompt = input.Ids,
        Dimensions = Dimensions,
        Normalize = Normalize,
        CacheSalt = Caller.CacheSalt,
        Priority = Caller.Priority,
        Tenant = Caller.Tenant,
    })];

    private static bool ReadFormat(Fields body) => body.Text("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        var other => throw ApiException.BadRequest($"encoding_format must be 'float' or 'base64', got '{other}'.", "encoding_format"),
    };

    private static bool ReadNormalize(Fields body)
    {
        bool? older = body.Flag("normalize"), newer = body.Flag("use_activation");
        if (older is not null && newer is not null && older != newer) throw ApiException.BadRequest("normalize and use_activation are two names of one thing, and differ.", "use_activation");
        return older ?? newer ?? true;
    }
}
