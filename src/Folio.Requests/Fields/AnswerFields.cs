namespace Folio.Requests;

/// <summary>How the answer is to be sent: the fields that the generating routes share besides the sampling.</summary>
internal sealed record AnswerFields
{
    public const int MaxRequestIdLength = 128;

    public bool Stream { get; init; }

    /// <summary>A last event with the usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The usage so far on each event.</summary>
    public bool ContinuousUsage { get; init; }

    /// <summary>Tokens to an event, behind a choice's first.</summary>
    public int StreamInterval { get; init; } = 1;

    public bool Echo { get; init; }

    public bool ReturnTokenIds { get; init; }

    /// <summary>Tokens in log-probabilities are named <c>token_id:7</c> instead of by their text.</summary>
    public bool TokensAsIds { get; init; }

    /// <summary>Keep only the last so many tokens of the prompt; −1: as many as the context holds.</summary>
    public int? TruncatePromptTokens { get; init; }

    /// <summary>The client's own name for the request, a part of the answer's id.</summary>
    public string? RequestId { get; init; }

    /// <param name="body">The request.</param>
    /// <param name="hasTokenizer">Without one, ids are all that an answer can say, so they are always sent.</param>
    public static AnswerFields Read(Fields body, bool hasTokenizer)
    {
        Fields? options = body.Object("stream_options");
        bool stream = body.Flag("stream") ?? false;
        if (options is not null && !stream) throw ApiException.BadRequest("Stream options can only be defined when `stream=True`.", "stream_options");
        if (stream && body.Has("prompt_logprobs")) throw ApiException.BadRequest("`prompt_logprobs` are not available when `stream=True`.", "prompt_logprobs");

        options?.RequireKnown("include_usage", "continuous_usage_stats", "include_obfuscation"); // there is none, wished for or not
        bool includeUsage = options?.Flag("include_usage") ?? false;
        bool continuous = options?.Flag("continuous_usage_stats") ?? false;
        return new()
        {
            Stream = stream,
            IncludeUsage = includeUsage,
            ContinuousUsage = includeUsage && continuous,
            StreamInterval = ReadInterval(body),
            Echo = body.Flag("echo") ?? false,
            ReturnTokenIds = (body.Flag("return_token_ids") ?? false) || !hasTokenizer,
            TokensAsIds = body.Flag("return_tokens_as_token_ids") ?? false,
            TruncatePromptTokens = ReadTruncation(body),
            RequestId = ReadRequestId(body),
        };
    }

    public int[] Truncate(int[] prompt, int maxModelLen)
    {
        if (TruncatePromptTokens is not { } wanted) return prompt;
        int length = wanted == -1 ? maxModelLen : wanted;
        return prompt.Length <= length ? prompt : prompt[^length..];
    }

    private static int ReadInterval(Fields body)
    {
        int interval = body.Integer("stream_interval") ?? 1;
        return interval >= 1 ? interval : throw ApiException.BadRequest($"stream_interval must be at least 1, got {interval}.", "stream_interval");
    }

    internal static int? ReadTruncation(Fields body)
    {
        int? length = body.Integer("truncate_prompt_tokens");
        if (length is 0 or < -1) throw ApiException.BadRequest($"truncate_prompt_tokens must be at least 1, or -1 for the model's context, got {length}.", "truncate_prompt_tokens");
        return length;
    }

    internal static string? ReadRequestId(Fields body)
    {
        string? id = body.Text("request_id");
        if (string.IsNullOrEmpty(id) || IsRequestId(id)) return id;
        throw ApiException.BadRequest(
            id.Length > MaxRequestIdLength ? $"request_id is longer than {MaxRequestIdLength} characters." : "request_id has characters that can't stand in a header or a log; visible ASCII without spaces was expected.", "request_id");
    }

    /// <summary>It can stand in a header and in a line of a log.</summary>
    internal static bool IsRequestId(string text) => text.Length is > 0 and <= MaxRequestIdLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
