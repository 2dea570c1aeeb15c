using System.Text;

namespace Folio.Chat;

/// <summary>What a message's deltas add up to.</summary>
public sealed class AssembledMessage
{
    private readonly StringBuilder _content = new(), _reasoning = new();
    private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];

    public string Content => _content.ToString();

    public string Reasoning => _reasoning.ToString();

    public IReadOnlyList<ToolCall> Calls => [.. _calls.Select(call => new ToolCall(call.Id, call.Name, call.Arguments.ToString()))];

    public void Add(MessageDelta delta)
    {
        switch (delta.Kind)
        {
            case DeltaKind.Content:
                _content.Append(delta.Text);
                break;
            case DeltaKind.Reasoning:
                _reasoning.Append(delta.Text);
                break;
            case DeltaKind.Call:
                _calls.Add((delta.Id!, delta.Text, new()));
                break;
            default:
                _calls[delta.Index].Arguments.Append(delta.Text);
                break;
        }
    }
}
