using System.Security.Cryptography;
using System.Text;
using Folio.Chat;

namespace Folio.Server;

/// <summary>A response's output while it is written: what the message gains becomes events, and the items that a whole response has are those that the events end with.</summary>
/// <param name="obfuscates">Deltas carry noise.</param>
internal sealed class ResponseOutput(bool obfuscates)
{
    /// <summary>Characters of a delta and its noise together are a multiple of this.</summary>
    private const int NoiseStep = 16;

    private readonly List<ResponseItem> _items = [];
    private readonly StringBuilder _text = new();
    private readonly List<ChatTokenLogprob> _logprobs = [], _waiting = []; // those of the open message's text, and those of tokens whose text hasn't come yet
    private List<ResponseEvent> _events = [];
    private ResponseItem? _open;

    /// <summary>Those that are finished.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    /// <summary>Log-probabilities of tokens; they are told with the text that comes next, if it is a message's.</summary>
    public void Add(IEnumerable<ChatTokenLogprob> logprobs) => _waiting.AddRange(logprobs);

    public void Add(MessageDelta delta)
    {
        switch (delta.Kind)
        {
            case DeltaKind.Content:
                Require(ResponseItem.MessageType);
                AddText(delta.Text);
                return;
            case DeltaKind.Reasoning:
                Require(ResponseItem.ReasoningType);
                Gain("response.reasoning_text.delta", delta.Text);
                break;
            case DeltaKind.Call:
                Close(ResponseStatus.Completed);
                Open(ResponseItem.Call(delta.Id!, delta.Text));
                break;
            default:
                Gain("response.function_call_arguments.delta", delta.Text);
                break;
        }

        _waiting.Clear(); // they were markup, reasoning or a call
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="status">What the last item has become.</param>
    /// <param name="needsMessage">Where there is nothing at all, there is an empty message: clients look for its text.</param>
    public void End(string status, bool needsMessage)
    {
        if (needsMessage && _items.Count == 0 && _open is null) Open(ResponseItem.Message());
        if (_open is { Type: ResponseItem.MessageType } && _waiting.Count > 0) AddText("");
        Close(status);
    }

    /// <summary>What has happened since the last time.</summary>
    public IReadOnlyList<ResponseEvent> Drain()
    {
        List<ResponseEvent> events = _events;
        _events = [];
        return events;
    }

    private void Require(string type)
    {
        if (_open?.Type == type) return;
        Close(ResponseStatus.Completed);
        Open(type == ResponseItem.MessageType ? ResponseItem.Message() : ResponseItem.Reasoning());
    }

    private void Open(ResponseItem item)
    {
        _open = item;
        _text.Clear();
        _logprobs.Clear();
        _events.Add(new("response.output_item.added") { OutputIndex = _items.Count, Item = item });
        if (item.Content is not null) Tell("response.content_part.added", added => added with { Part = PartOf(item, "", []) });
    }

    private void AddText(string text)
    {
        ChatTokenLogprob[] logprobs = [.. _waiting];
        _waiting.Clear();
        _logprobs.AddRange(logprobs);
        Gain("response.output_text.delta", text, logprobs);
    }

    private void Gain(string name, string text, ChatTokenLogprob[]? logprobs = null)
    {
        _text.Append(text);
        Tell(name, gained => gained with { Delta = text, Logprobs = logprobs, Obfuscation = obfuscates ? Noise(text.Length) : null });
    }

    private void Close(string status)
    {
        if (_open is not { } item) return;
        string text = _text.ToString();
        ChatTokenLogprob[] logprobs = [.. _logprobs];
        if (item.Content is null)
        {
            item = item with { Status = status, Arguments = text };
            Tell("response.function_call_arguments.done", done => done with { Name = item.Name, Arguments = text });
        }
        else
        {
            ResponsePart part = PartOf(item, text, logprobs);
            item = item with { Status = status, Content = [part] };
            if (item.Type == ResponseItem.MessageType) Tell("response.output_text.done", done => done with { Text = text, Logprobs = logprobs });
            else Tell("response.reasoning_text.done", done => done with { Text = text });
            Tell("response.content_part.done", done => done with { Part = part });
        }

        _events.Add(new("response.output_item.done") { OutputIndex = _items.Count, Item = item });
        _items.Add(item);
        _open = null;
    }

    /// <summary>An event of the open item.</summary>
    private void Tell(string name, Func<ResponseEvent, ResponseEvent> with) =>
        _events.Add(with(new(name) { ItemId = _open!.Id, OutputIndex = _items.Count, ContentIndex = _open.Content is null ? null : 0 }));

    private static ResponsePart PartOf(ResponseItem item, string text, IReadOnlyList<ChatTokenLogprob> logprobs) =>
        item.Type == ResponseItem.MessageType ? ResponsePart.Output(text, logprobs) : ResponsePart.Reasoning(text);

    private static string Noise(int length) => RandomNumberGenerator.GetHexString(NoiseStep - (length % NoiseStep), lowercase: true);
}
