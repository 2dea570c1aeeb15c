using System.Text;
using Folio.Engine;

namespace Folio.Server;

/// <summary>One sequence's answer, gathered until it is whole.</summary>
internal sealed class Answer
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokenIds = [];
    private readonly List<PositionLogprobs> _logprobs = [];

    public string Text => _text.ToString();

    public IReadOnlyList<int> TokenIds => _tokenIds;

    public IReadOnlyList<PositionLogprobs> Logprobs => _logprobs;

    public FinishReason FinishReason { get; private set; } = FinishReason.Abort;

    public StopReason StopReason { get; private set; }

    public void Add(GenerationOutput output)
    {
        _text.Append(output.Text);
        _tokenIds.AddRange(output.TokenIds);
        if (output.Logprobs is { } logprobs) _logprobs.AddRange(logprobs);
        if (output.FinishReason is not { } reason) return;
        (FinishReason, StopReason) = (reason, new(output.StopReason));
    }
}
