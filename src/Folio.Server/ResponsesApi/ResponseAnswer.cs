using Folio.Chat;
using Folio.Engine;

namespace Folio.Server;

/// <summary>One response while it is generated: what its tokens mean, and how it stands.</summary>
internal sealed class ResponseAnswer
{
    private readonly ServedModel _served;
    private readonly ChatRequest _chat;
    private readonly ChatChoiceReader _reader;
    private readonly ResponseOutput _output;
    private FinishReason _finish = FinishReason.Abort;

    public ResponseAnswer(ServedModel served, ResponseRequest request, string id)
    {
        (_served, _chat) = (served, request.Chat);
        _reader = _chat.Parsing.NewReader();
        _output = new(request.Obfuscates);
        Begun = request.Describe(id, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    /// <summary>The response before its first token.</summary>
    public ResponseObject Begun { get; }

    public void Read(GenerationOutput output)
    {
        if (_chat.TopLogprobs is not null) _output.Add(LogprobViews.Chat(Shown(output), _served.Tokens, _chat.Answer.TokensAsIds).Content, output.Text.Length);
        foreach (MessageDelta delta in _reader.Read(output)) _output.Add(delta);
        if (output.FinishReason is { } reason)
        {
            _finish = reason;
            _output.End(reason == FinishReason.Length ? ResponseStatus.Incomplete : ResponseStatus.Completed, needsMessage: !_chat.Parsing.IsForced);
        }
    }

    /// <summary>What clients of a stream are to be told of what was read since the last time.</summary>
    public IReadOnlyList<ResponseEvent> Drain() => _output.Drain();

    /// <summary>An event of the response as it is now, behind all that was drained.</summary>
    public ResponseEvent Event(string name, ResponseObject response) => _output.Event(name, response);

    /// <summary>The response when its last token is there.</summary>
    public ResponseObject Finish(Generation generation)
    {
        bool isCut = _finish == FinishReason.Length;
        return Begun with
        {
            Output = _output.Items,
            Status = isCut ? ResponseStatus.Incomplete : ResponseStatus.Completed,
            IncompleteDetails = isCut ? new("max_output_tokens") : null,
            CompletedAt = isCut ? null : DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            Usage = ResponseUsage.Of(_chat.Prompt.Ids.Length, generation.CachedTokens, _reader.Tokens, _reader.ReasoningTokens),
        };
    }

    /// <summary>Those of tokens that can be seen: not of what ended the answer, nor of special tokens that are skipped.</summary>
    private IReadOnlyList<PositionLogprobs> Shown(GenerationOutput output)
    {
        SamplingParams sampling = _chat.Sampling;
        bool isEnd = output.FinishReason == FinishReason.Stop && output.StopReason is not string && !sampling.IncludeStopStrInOutput;
        return isEnd || output.Logprobs is null ? [] : [.. output.Logprobs.Where(position => !sampling.SkipSpecialTokens || !_served.Tokens.IsSpecial(position.Token.TokenId) || sampling.ShownSpecialTokens.Contains(position.Token.TokenId))];
    }

    /// <summary>The response when something went wrong on the way.</summary>
    public ResponseObject Fail(ErrorDetail error) => Begun with
    {
        Output = _output.Items,
        Status = ResponseStatus.Failed,
        Error = new(error.Code switch { 429 => "rate_limit_exceeded", 400 => "invalid_prompt", _ => "server_error" }, error.Message),
    };
}
